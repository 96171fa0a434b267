select
    thang as month_key,
    ma_xa as area_code,
    ten_xa as area_name,
    phat_sinh_tan as arisen_t,
    thu_gom_tan as collected_t,
    _extract_id as extract_id,
    _loaded_at as loaded_at
from {{ source('raw', 'sonnmt_moi_truong__rac_thai') }}
