-- Any commune code, of either era, and the commune of today it stands for. `era` tells which reading of the code is meant.
select area_code as source_code, 'since_2025_07' as era, area_code, false as is_re_estimated
from {{ ref('stg_vietnamadminunits_dvhc__don_vi_moi') }}
union all
select old_code, 'before_2025_07', max_by(new_code, is_default::int), bool_or(is_split)
from {{ ref('stg_vietnamadminunits_dvhc__chuyen_doi') }}
group by old_code
