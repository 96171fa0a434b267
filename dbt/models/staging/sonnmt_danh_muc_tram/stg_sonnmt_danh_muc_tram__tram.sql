select
    ma_tram as station_code,
    ten as station_name,
    loai as station_kind,
    ma_xa as area_code,
    co_so as facility,
    vi_do as lat,
    kinh_do as lon,
    ngay_van_hanh as operating_since_date,
    _extract_id as extract_id,
    _loaded_at as loaded_at
from {{ source('raw', 'sonnmt_danh_muc_tram__tram') }}
