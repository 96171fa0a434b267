select
    'hour' as period_kind,
    {{ hour_key('f.hour_at') }} as period_key,
    coalesce(s.area_code, '38') as area_code,
    'tram=' || f.station_code as breakdown,
    cast(f.alarm_level as double) as numerator,
    cast(null as double) as denominator,
    cast(f.alarm_level as double) as value,
    f.observed_at as as_of,
    f.extract_ids
from {{ ref('fct_river_level_hour') }} as f
inner join {{ ref('dim_station') }} as s using (station_code)
where f.alarm_level is not null
union all
-- the province is as good as its worst station
select
    'hour' as period_kind,
    {{ hour_key('f.hour_at') }} as period_key,
    '38' as area_code,
    '' as breakdown,
    cast(f.alarm_level as double) as numerator,
    cast(null as double) as denominator,
    cast(f.alarm_level as double) as value,
    f.observed_at as as_of,
    f.extract_ids
from {{ ref('fct_river_level_hour') }} as f
where f.alarm_level is not null and f.is_worst
