select
    so_cd as order_number,
    ma_sk as event_code,
    ma_tram as station_code,
    cap_bd as alarm_level,
    gio_phat as issued_at,
    _extract_id as extract_id,
    _loaded_at as loaded_at
from {{ source('raw', 'bchptds_thien_tai__cong_dien') }}
