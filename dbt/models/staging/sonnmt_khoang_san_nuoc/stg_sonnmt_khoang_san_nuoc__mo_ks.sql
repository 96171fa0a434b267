select
    so_gp as licence_code,
    ten as name,
    loai as kind,
    ma_xa as area_code,
    cong_suat_m3 as licensed_m3,
    ngay_cap as granted_date,
    ngay_het_han as expiry_date,
    _extract_id as extract_id,
    _loaded_at as loaded_at
from {{ source('raw', 'sonnmt_khoang_san_nuoc__mo_ks') }}
