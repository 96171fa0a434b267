select
    'day' as period_kind,
    strftime(f.reading_date, '%Y%m%d') as period_key,
    coalesce(s.area_code, '38') as area_code,
    'tram=' || f.station_code as breakdown,
    cast(f.pm25_ugm3 as double) as numerator,
    cast(null as double) as denominator,
    cast(f.pm25_ugm3 as double) as value,
    f.last_reading_at as as_of,
    f.extract_ids
from {{ ref('fct_aqi_day') }} as f
inner join {{ ref('dim_station') }} as s using (station_code)
where f.pm25_ugm3 is not null
union all
-- the province is as good as its worst station
select
    'day' as period_kind,
    strftime(f.reading_date, '%Y%m%d') as period_key,
    '38' as area_code,
    '' as breakdown,
    cast(f.pm25_ugm3 as double) as numerator,
    cast(null as double) as denominator,
    cast(f.pm25_ugm3 as double) as value,
    f.last_reading_at as as_of,
    f.extract_ids
from {{ ref('fct_aqi_day') }} as f
where f.pm25_ugm3 is not null and f.is_worst_pm25
