select
    ma_sk as event_code,
    ma_xa as area_code,
    ten_xa as area_name,
    loai_bc as report_kind,
    ngay_bc as report_date,
    nguoi_chet as deaths,
    nha_hu as houses,
    lua_ha as rice_ha,
    thiet_hai_trieu as loss_million_vnd,
    _extract_id as extract_id,
    _loaded_at as loaded_at
from {{ source('raw', 'bchptds_thiet_hai__thiet_hai') }}
