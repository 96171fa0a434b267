-- Where an old commune went. The ten split communes carry no area or population of their parts in any source that we have,
-- so their parts weigh alike, and every series re-expressed by them is marked re-estimated (macro on_todays_map).
select
    old_code,
    new_code,
    1.0 / count(*) over (partition by old_code) as weight,
    case when is_split then 'equal_share' else 'whole' end as method,
    case when is_split then 'low' else 'high' end as confidence,
    is_split,
    is_default,
    date '2025-07-01' as valid_from
from {{ ref('stg_vietnamadminunits_dvhc__chuyen_doi') }}
