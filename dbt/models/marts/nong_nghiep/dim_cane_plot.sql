select plot_code, season, area_code, area_ha, variety, extract_id, loaded_at
from {{ ref('stg_lasuco_mia__mia_lo') }}
