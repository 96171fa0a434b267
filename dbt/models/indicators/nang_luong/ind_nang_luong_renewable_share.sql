-- Months in which both sides reported: output without sales, or sales without output, is no ratio.
with sold as (
    select month_key, sum(kwh order by area_code, customer_group) as kwh, max(loaded_at) as loaded_at, list(distinct extract_id) as extract_ids
    from {{ ref('fct_power_sold_month') }}
    group by month_key
),

made as (
    select month_key, sum(kwh order by plant_code) as kwh, max(loaded_at) as loaded_at, list(distinct extract_id) as extract_ids
    from {{ ref('fct_renewable_month') }}
    group by month_key
)

select
    'month' as period_kind,
    month_key as period_key,
    '38' as area_code,
    '' as breakdown,
    made.kwh as numerator,
    sold.kwh as denominator,
    100 * made.kwh / nullif(sold.kwh, 0) as value,
    least(greatest(made.loaded_at, sold.loaded_at), cast(strptime(month_key, '%Y%m') + interval 1 month as timestamp) at time zone 'Asia/Ho_Chi_Minh') as as_of,
    list_sort(list_distinct(made.extract_ids || sold.extract_ids)) as extract_ids
from made
inner join sold using (month_key)
