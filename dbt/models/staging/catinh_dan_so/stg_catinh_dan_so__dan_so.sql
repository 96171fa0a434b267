with raw as (
    select * from {{ source('raw', 'catinh_dan_so__dan_so') }}
)

select
    thang as month_key,
    ma_xa as area_code,
    so_dan as people,
    so_ho as households,
    {{ lineage() }}
from raw
