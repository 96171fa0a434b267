select
    'quarter' as period_kind,
    quarter_key as period_key,
    '38' as area_code,
    '' as breakdown,
    cast(sum(n_trained_general) as double) as numerator,
    cast(sum(n_staff) as double) as denominator,
    100.0 * sum(n_trained_general) / sum(n_staff) as value,
    max(as_of) as as_of,
    list_sort(list_distinct(flatten(list(extract_ids)))) as extract_ids
from {{ ref('fct_staff_quarter') }}
group by quarter_key
