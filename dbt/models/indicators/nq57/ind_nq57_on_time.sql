select
    'day' as period_kind,
    day_key as period_key,
    '38' as area_code,
    '' as breakdown,
    cast(n_done_on_time as double) as numerator,
    cast(n_done as double) as denominator,
    100.0 * n_done_on_time / n_done as value,
    as_of,
    extract_ids
from {{ ref('fct_task_day') }}
where n_done > 0
