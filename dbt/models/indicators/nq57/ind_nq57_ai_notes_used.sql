select
    'month' as period_kind,
    month_key as period_key,
    '38' as area_code,
    '' as breakdown,
    cast(count(*) filter (where is_used) as double) as numerator,
    cast(count(*) as double) as denominator,
    100.0 * count(*) filter (where is_used) / count(*) as value,
    max(noted_at) as as_of,
    list_sort(list(distinct extract_id)) as extract_ids
from {{ ref('fct_ai_note') }}
group by month_key
