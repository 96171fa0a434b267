with held as (
    select
        *,
        strftime(event_from_date, '%Y%m') as period_key,
        cast(report_date + 1 as timestamp) at time zone 'Asia/Ho_Chi_Minh' as as_of
    from {{ ref('fct_damage_report') }}
    where is_latest and houses is not null
)

{{ by_commune_and_province('held', 'month', 'sum(houses order by area_code)', 'count(*)', value='sum(houses order by area_code)') }}
