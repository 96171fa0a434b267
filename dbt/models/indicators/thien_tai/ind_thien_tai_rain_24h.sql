select
    'hour' as period_kind,
    {{ hour_key('f.hour_at') }} as period_key,
    coalesce(f.area_code, '38') as area_code,
    'tram=' || f.station_code as breakdown,
    f.rain_24h_mm as numerator,
    cast(null as double) as denominator,
    f.rain_24h_mm as value,
    f.hour_at as as_of,
    f.extract_ids
from {{ ref('fct_rain_hour') }} as f
where true
union all
select
    'hour' as period_kind,
    {{ hour_key('f.hour_at') }} as period_key,
    '38' as area_code,
    '' as breakdown,
    f.rain_24h_mm as numerator,
    cast(null as double) as denominator,
    f.rain_24h_mm as value,
    f.hour_at as as_of,
    f.extract_ids
from {{ ref('fct_rain_hour') }} as f
where f.is_wettest
