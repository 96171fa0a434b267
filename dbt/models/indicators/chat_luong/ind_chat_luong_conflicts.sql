{{ config(tags=['always']) }}
select
    'day' as period_kind,
    strftime(current_date, '%Y%m%d') as period_key,
    '38' as area_code,
    '' as breakdown,
    cast(count(*) filter (where is_conflict) as double) as numerator,
    cast(1 as double) as denominator,
    cast(count(*) filter (where is_conflict) as double) as value,
    max(as_of) as as_of,
    list_sort(list_distinct(flatten(list(extract_ids)))) as extract_ids
from {{ ref('fct_source_conflict') }}
having count(*) > 0
