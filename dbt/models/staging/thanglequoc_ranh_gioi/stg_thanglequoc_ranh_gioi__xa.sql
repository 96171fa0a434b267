with raw as (
    select * from {{ source('raw', 'thanglequoc_ranh_gioi__xa') }}
)

select
    ma_dvhc as area_code,
    ten as area_name,
    loai_ten as full_name,
    dien_tich_km2 as area_km2,
    hinh_geojson as geometry_geojson,
    {{ lineage() }}
from raw
