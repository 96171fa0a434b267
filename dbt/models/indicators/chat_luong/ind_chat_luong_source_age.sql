{{ config(tags=['always']) }}
select
    'day' as period_kind,
    day_key as period_key,
    '38' as area_code,
    if(grouping(source_id) = 1, '', 'nguon=' || source_id) as breakdown,
    cast(median(age_minutes) as double) as numerator,
    cast(1 as double) as denominator,
    cast(median(age_minutes) as double) as value,
    max(as_of) as as_of,
    list_sort(list_distinct(flatten(list(extract_ids)))) as extract_ids
from {{ ref('fct_source_day') }}
where age_minutes is not null
group by grouping sets ((day_key), (day_key, source_id))
