select
    'month' as period_kind,
    month_key as period_key,
    '38' as area_code,
    '' as breakdown,
    cast(sum(spent_million_vnd) as double) as numerator,
    cast(sum(planned_million_vnd) as double) as denominator,
    100.0 * cast(sum(spent_million_vnd) as double) / cast(sum(planned_million_vnd) as double) as value,
    least(max(loaded_at), cast(max(strptime(month_key, '%Y%m')) + interval 1 month as timestamp) at time zone 'Asia/Ho_Chi_Minh') as as_of,
    list_sort(list_distinct(list(extract_id) || list(plan_extract_id))) as extract_ids
from {{ ref('fct_science_spending_month') }}
group by month_key
having sum(planned_million_vnd) > 0
