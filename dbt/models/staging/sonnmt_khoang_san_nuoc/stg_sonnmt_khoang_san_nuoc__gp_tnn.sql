select
    so_gp as licence_code,
    ten as name,
    ma_xa as area_code,
    nguon as water_source,
    q_phep_m3 as licensed_m3,
    tu_ngay as from_date,
    den_ngay as to_date,
    _extract_id as extract_id,
    _loaded_at as loaded_at
from {{ source('raw', 'sonnmt_khoang_san_nuoc__gp_tnn') }}
