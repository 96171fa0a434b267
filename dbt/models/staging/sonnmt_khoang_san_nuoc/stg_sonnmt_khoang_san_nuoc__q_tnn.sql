select
    so_gp as licence_code,
    ngay as taken_date,
    q_m3 as taken_m3,
    _extract_id as extract_id,
    _loaded_at as loaded_at
from {{ source('raw', 'sonnmt_khoang_san_nuoc__q_tnn') }}
