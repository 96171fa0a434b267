-- Years with all twelve months of sales and a published GRDP (billion đồng, so × 1,000 for million).
with sold as (
    select
        left(month_key, 4) as year_key, sum(kwh order by month_key, area_code, customer_group) as kwh, max(loaded_at) as loaded_at,
        list(distinct extract_id) as extract_ids
    from {{ ref('fct_power_sold_month') }}
    group by year_key
    having count(distinct month_key) = 12
)

select
    'year' as period_kind,
    sold.year_key as period_key,
    '38' as area_code,
    '' as breakdown,
    sold.kwh as numerator,
    1000 * cast(g.score as double) as denominator,
    sold.kwh / (1000 * cast(g.score as double)) as value,
    least(greatest(sold.loaded_at, g.loaded_at), cast(make_date(cast(sold.year_key as bigint) + 1, 1, 1) as timestamp) at time zone 'Asia/Ho_Chi_Minh') as as_of,
    list_sort(list_distinct(sold.extract_ids || [g.extract_id])) as extract_ids
from sold
inner join {{ ref('fct_published_figure') }} as g on g.indicator_code = 'GRDP' and cast(g.figure_year as varchar) = sold.year_key and g.is_ours and g.score > 0
