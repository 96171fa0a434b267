with raw as (
    select * from {{ source('raw', 'bhxh_the_bhyt__the_bhyt') }}
)

select
    thang as month_key,
    ma_xa as source_area_code,
    so_the as cards,
    {{ lineage() }}
from raw
