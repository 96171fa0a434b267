select plant_code, plant_name, kind, area_code, capacity_mwp, operating_since_date, kind = 'Mặt trời mái nhà' as is_rooftop, extract_id, loaded_at
from {{ ref('stg_soct_nang_luong__nlm_t') }}
