-- Household waste of a commune and month; a commune that says it collected more than arose is marked and never summed.
select
    month_key,
    area_code,
    arisen_t,
    collected_t,
    collected_t > arisen_t as is_implausible,
    extract_id,
    loaded_at
from {{ ref('stg_sonnmt_moi_truong__rac_thai') }}
