select zone_code, zone_name, area_code, area_ha, crop, extract_id, loaded_at
from {{ ref('stg_sonnmt_nncnc__khu') }}
