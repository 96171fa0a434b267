select
    ma_tram as station_code,
    thoi_gian as observed_at,
    ten_tram as station_name,
    song as river,
    muc_nuoc_m as level_m,
    _extract_id as extract_id,
    _loaded_at as loaded_at
from {{ source('raw', 'kttv_ho_so_lu__muc_nuoc') }}
