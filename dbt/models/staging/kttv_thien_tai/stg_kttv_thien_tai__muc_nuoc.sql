select
    ma_tram as station_code,
    thoi_gian as observed_at,
    trim(ten_tram) as station_name,
    song as river,
    cast(muc_nuoc_m as double) as level_m,
    cast(bd1_m as double) as bd1_m,
    cast(bd2_m as double) as bd2_m,
    cast(bd3_m as double) as bd3_m,
    vi_do as lat,
    kinh_do as lon,
    _extract_id as extract_id,
    _loaded_at as loaded_at
from {{ source('raw', 'kttv_thien_tai__muc_nuoc') }}
