select
    ma_ho as reservoir_code,
    thoi_gian as observed_at,
    ten_ho as reservoir_name,
    muc_nuoc_m as level_m,
    q_den_m3s as inflow_m3s,
    q_xa_m3s as release_m3s,
    _extract_id as extract_id,
    _loaded_at as loaded_at
from {{ source('raw', 'kttv_ho_so_lu__ho_chua') }}
