{{ config(tags=['always']) }}
select
    'day' as period_kind,
    day_key as period_key,
    '38' as area_code,
    '' as breakdown,
    cast(count(*) filter (where is_on_time) as double) as numerator,
    cast(count(*) as double) as denominator,
    cast(100.0 * count(*) filter (where is_on_time) / count(*) as double) as value,
    max(as_of) as as_of,
    list_sort(list_distinct(flatten(list(extract_ids)))) as extract_ids
from {{ ref('fct_source_day') }}
where true
group by day_key
