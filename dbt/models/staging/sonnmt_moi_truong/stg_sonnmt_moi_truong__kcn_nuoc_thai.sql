select
    quy as quarter_key,
    ma_khu as zone_code,
    ten_khu as zone_name,
    hoat_dong = 'Có' as is_active,
    co_tram = 'Có' as has_plant,
    cong_suat_m3 as capacity_m3,
    nullif(ket_qua, '') as result,
    _extract_id as extract_id,
    _loaded_at as loaded_at
from {{ source('raw', 'sonnmt_moi_truong__kcn_nuoc_thai') }}
