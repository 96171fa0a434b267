with raw as (
    select * from {{ source('raw', 'vietnamadminunits_dvhc__don_vi_moi') }}
)

select
    ma_dvhc as area_code,
    ten as area_name,
    ten_ngan as short_name,
    loai as area_type,
    vi_do as lat,
    kinh_do as lon,
    dien_tich_km2 as area_km2,
    o_luoi_geojson as cell_geojson,
    {{ lineage() }}
from raw
