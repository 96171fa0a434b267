with held as (
    select
        *,
        strftime(event_from_date, '%Y%m') as period_key,
        cast(report_date + 1 as timestamp) at time zone 'Asia/Ho_Chi_Minh' as as_of
    from {{ ref('fct_damage_report') }}
    where is_latest and deaths is not null
)

-- a few people in a commune could be recognised: the province only
select * from ({{ by_commune_and_province('held', 'month', 'sum(deaths)', 'count(*)', value='sum(deaths)') }}) where area_code = '38'
