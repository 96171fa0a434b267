select
    ma_xa as area_code,
    quy as quarter_key,
    can_cap_ha as eligible_ha,
    da_cap_ha as issued_ha,
    _extract_id as extract_id,
    _loaded_at as loaded_at
from {{ source('raw', 'sonnmt_dat_dai__gcn') }}
