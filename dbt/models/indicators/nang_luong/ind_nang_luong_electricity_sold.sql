with sold as (
    select *, month_key as period_key, least(loaded_at, cast(strptime(month_key, '%Y%m') + interval 1 month as timestamp) at time zone 'Asia/Ho_Chi_Minh') as as_of from {{ ref('fct_power_sold_month') }}
)

{{ by_commune_and_province('sold', 'month', 'sum(kwh order by area_code, customer_group) / 1000', '1', scale=1) }}
