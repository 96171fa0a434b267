select
    ma_sk as event_code,
    loai as kind,
    ten as name,
    cap_do_rr as risk_level,
    tu_ngay as from_date,
    den_ngay as to_date,
    _extract_id as extract_id,
    _loaded_at as loaded_at
from {{ source('raw', 'bchptds_thien_tai__su_kien') }}
