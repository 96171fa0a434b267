select
    'month' as period_kind,
    month_key as period_key,
    '38' as area_code,
    '' as breakdown,
    cast(collected_billion_vnd as double) as numerator,
    cast(planned_billion_vnd as double) as denominator,
    100.0 * cast(collected_billion_vnd as double) / cast(planned_billion_vnd as double) as value,
    least(loaded_at, cast(strptime(month_key, '%Y%m') + interval 1 month as timestamp) at time zone 'Asia/Ho_Chi_Minh') as as_of,
    [extract_id] as extract_ids
from {{ ref('fct_revenue_month') }}
where planned_billion_vnd > 0
