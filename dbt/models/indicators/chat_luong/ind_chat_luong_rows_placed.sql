{{ config(tags=['always']) }}
select
    'day' as period_kind,
    day_key as period_key,
    '38' as area_code,
    '' as breakdown,
    cast(sum(area_rows_loaded) as double) as numerator,
    cast(sum(area_rows_loaded + area_rows_refused) as double) as denominator,
    cast(100.0 * sum(area_rows_loaded) / sum(area_rows_loaded + area_rows_refused) as double) as value,
    max(as_of) as as_of,
    list_sort(list_distinct(flatten(list(extract_ids)))) as extract_ids
from {{ ref('fct_source_day') }}
where area_rows_loaded + area_rows_refused > 0
group by day_key
