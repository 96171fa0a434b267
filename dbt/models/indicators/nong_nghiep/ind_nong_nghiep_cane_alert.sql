-- Each plot of the season counts once a month, however many alerts it had. A month of which nothing was sent is no zero.
with plot as (
    select
        m.month_key as period_key, p.area_code, p.plot_code, p.area_ha, a.plot_code is not null as is_alerted, p.extract_id,
        least(greatest(p.loaded_at, coalesce(a.loaded_at, p.loaded_at)), cast(m.last_day + 1 as timestamp) at time zone 'Asia/Ho_Chi_Minh') as as_of
    from (
        select month_key, max(date_day) as last_day, year(max(date_day)) - if(month(max(date_day)) >= 7, 0, 1) as first_year
        from {{ ref('dim_date') }}
        where date_day >= date '2025-07-01' and month_key in (select a.month_key from {{ ref('fct_cane_alert') }} as a) group by month_key having min(date_day) <= current_date
    ) as m
    inner join {{ ref('dim_cane_plot') }} as p on p.season = m.first_year || '-' || (m.first_year + 1)
    left join (
        select month_key, plot_code, max(loaded_at) as loaded_at from {{ ref('fct_cane_alert') }} where is_pest group by month_key, plot_code
    ) as a on m.month_key = a.month_key and p.plot_code = a.plot_code
)

{{ by_commune_and_province('plot', 'month', 'coalesce(sum(area_ha order by plot_code) filter (where is_alerted), 0)', 'sum(area_ha order by plot_code)') }}
