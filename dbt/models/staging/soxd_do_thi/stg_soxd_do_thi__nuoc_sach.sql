with raw as (
    select * from {{ source('raw', 'soxd_do_thi__nuoc_sach') }}
)

select
    quy as quarter_key,
    ma_xa as area_code,
    so_dan as people,
    so_dan_co_nuoc as people_served,
    {{ lineage() }}
from raw
