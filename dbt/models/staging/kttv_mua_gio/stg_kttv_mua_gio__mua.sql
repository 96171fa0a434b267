select
    ma_tram as station_code,
    thoi_gian as observed_at,
    ten_tram as station_name,
    ma_xa as area_code,
    mua_mm as rain_mm,
    vi_do as lat,
    kinh_do as lon,
    _extract_id as extract_id,
    _loaded_at as loaded_at
from {{ source('raw', 'kttv_mua_gio__mua') }}
