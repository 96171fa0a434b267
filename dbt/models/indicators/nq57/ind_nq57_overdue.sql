select
    'day' as period_kind,
    day_key as period_key,
    '38' as area_code,
    '' as breakdown,
    cast(n_overdue as double) as numerator,
    cast(n_given as double) as denominator,
    100.0 * n_overdue / n_given as value,
    as_of,
    extract_ids
from {{ ref('fct_task_day') }}
