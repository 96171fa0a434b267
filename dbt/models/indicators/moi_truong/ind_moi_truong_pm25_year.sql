with station_year as (
    select
        station_code,
        strftime(reading_date, '%Y') as period_key,
        sum(pm25_ugm3 order by reading_date) as total,
        count(*) as n_days,
        max(last_reading_at) as as_of,
        {{ merge_extracts('extract_ids') }} as extract_ids
    from {{ ref('fct_aqi_day') }}
    where pm25_ugm3 is not null
    group by station_code, period_key
)

select
    'year' as period_kind,
    y.period_key,
    coalesce(s.area_code, '38') as area_code,
    'tram=' || y.station_code as breakdown,
    cast(y.total as double) as numerator,
    cast(y.n_days as double) as denominator,
    -- three quarters of a year of days, as three quarters of a day of hours; fewer do not make an annual mean
    case when y.n_days >= 274 then y.total / y.n_days end as value,
    y.as_of,
    y.extract_ids
from station_year as y
inner join {{ ref('dim_station') }} as s using (station_code)
union all
-- the province is as good as its worst station
select
    'year' as period_kind,
    y.period_key,
    '38' as area_code,
    '' as breakdown,
    cast(y.total as double) as numerator,
    cast(y.n_days as double) as denominator,
    case when y.n_days >= 274 then y.total / y.n_days end as value,
    y.as_of,
    y.extract_ids
from station_year as y
qualify row_number() over (partition by y.period_key order by y.n_days >= 274 desc, y.total / y.n_days desc, y.station_code) = 1
