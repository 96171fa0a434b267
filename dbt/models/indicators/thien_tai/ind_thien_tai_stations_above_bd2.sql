with alarm_station as (
    select count(*) as n from {{ ref('dim_station') }}
    where station_kind = 'thuy_van'
)

select
    'hour' as period_kind,
    {{ hour_key('f.hour_at') }} as period_key,
    '38' as area_code,
    '' as breakdown,
    cast(count(*) filter (where f.alarm_level >= 2) as double) as numerator,
    cast(any_value(a.n) as double) as denominator,
    cast(count(*) filter (where f.alarm_level >= 2) as double) as value,
    max(f.observed_at) as as_of,
    {{ merge_extracts('f.extract_ids') }} as extract_ids
from {{ ref('fct_river_level_hour') }} as f
cross join alarm_station as a
where f.alarm_level is not null
group by period_key
