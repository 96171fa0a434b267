{{ config(tags=['always']) }}
select
    'day' as period_kind,
    day_key as period_key,
    '38' as area_code,
    '' as breakdown,
    cast(sum(rows_loaded) as double) as numerator,
    cast(sum(rows_loaded + rows_quarantined) as double) as denominator,
    cast(100.0 * sum(rows_loaded) / sum(rows_loaded + rows_quarantined) as double) as value,
    max(as_of) as as_of,
    list_sort(list_distinct(flatten(list(extract_ids)))) as extract_ids
from {{ ref('fct_source_day') }}
where rows_loaded + rows_quarantined > 0
group by day_key
