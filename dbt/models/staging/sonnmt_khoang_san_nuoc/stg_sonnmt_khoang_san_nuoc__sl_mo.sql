select
    so_gp as licence_code,
    thang as month_key,
    luy_ke_m3 as cumulative_m3,
    _extract_id as extract_id,
    _loaded_at as loaded_at
from {{ source('raw', 'sonnmt_khoang_san_nuoc__sl_mo') }}
