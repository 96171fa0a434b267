select t.device_code, t.kind, t.zone_code, z.area_code, t.installed_date, t.removed_date, t.extract_id, t.loaded_at
from {{ ref('stg_sonnmt_nncnc__thiet_bi') }} as t
left join {{ ref('dim_farm_zone') }} as z using (zone_code)
