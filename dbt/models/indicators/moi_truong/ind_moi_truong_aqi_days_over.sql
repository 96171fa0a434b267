select
    'month' as period_kind,
    strftime(f.reading_date, '%Y%m') as period_key,
    coalesce(s.area_code, '38') as area_code,
    'tram=' || f.station_code as breakdown,
    cast(count(*) filter (where f.aqi > 100) as double) as numerator,
    cast(count(*) as double) as denominator,
    cast(count(*) filter (where f.aqi > 100) as double) as value,
    max(f.last_reading_at) as as_of,
    {{ merge_extracts('f.extract_ids') }} as extract_ids
from {{ ref('fct_aqi_day') }} as f
inner join {{ ref('dim_station') }} as s using (station_code)
where f.aqi is not null
group by period_key, s.area_code, f.station_code
union all
-- a day counts once for the province, by its worst station
select
    'month' as period_kind,
    strftime(f.reading_date, '%Y%m') as period_key,
    '38' as area_code,
    '' as breakdown,
    cast(count(*) filter (where f.aqi > 100) as double) as numerator,
    cast(count(*) as double) as denominator,
    cast(count(*) filter (where f.aqi > 100) as double) as value,
    max(f.last_reading_at) as as_of,
    {{ merge_extracts('f.extract_ids') }} as extract_ids
from {{ ref('fct_aqi_day') }} as f
where f.aqi is not null and f.is_worst
group by period_key
