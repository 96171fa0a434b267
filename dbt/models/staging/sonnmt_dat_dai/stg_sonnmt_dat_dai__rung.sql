select
    ma_xa as area_code,
    nam as year,
    loai as kind,
    dien_tich_ha as area_ha,
    _extract_id as extract_id,
    _loaded_at as loaded_at
from {{ source('raw', 'sonnmt_dat_dai__rung') }}
