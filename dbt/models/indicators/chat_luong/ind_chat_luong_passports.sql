{{ config(tags=['always']) }}
-- Blocked pairs have no number and need no passport; each extract that is newest of its table is what the passports rest on.
select
    'day' as period_kind,
    strftime(current_date, '%Y%m%d') as period_key,
    '38' as area_code,
    '' as breakdown,
    cast(count(*) filter (where has_passport) as double) as numerator,
    cast(count(*) as double) as denominator,
    100.0 * count(*) filter (where has_passport) / count(*) as value,
    current_timestamp as as_of,
    (select list_sort(list(e.extract_id)) from (select max(extract_id) as extract_id from ops.extract group by source_id) as e) as extract_ids
from {{ ref('fct_indicator_passport') }}
having count(*) > 0
