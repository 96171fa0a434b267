select
    dong as line_number,
    ten_tram as station_name,
    muc_nuoc_m as level_m,
    loi_bao as words,
    nguon as source_words,
    _extract_id as extract_id,
    _loaded_at as loaded_at
from {{ source('raw', 'bchptds_thien_tai__tin_da_dang') }}
