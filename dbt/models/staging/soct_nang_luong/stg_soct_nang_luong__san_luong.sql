with raw as (
    select * from {{ source('raw', 'soct_nang_luong__san_luong') }}
)

select
    ma as plant_code,
    thang as month_key,
    kwh,
    {{ lineage() }}
from raw
