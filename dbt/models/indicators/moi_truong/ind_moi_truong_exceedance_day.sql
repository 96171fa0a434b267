select
    'day' as period_kind,
    strftime({{ local_day('f.hour_at') }}, '%Y%m%d') as period_key,
    coalesce(s.area_code, '38') as area_code,
    'tram=' || f.station_code as breakdown,
    cast(count(*) filter (where f.is_exceeded) as double) as numerator,
    cast(count(*) as double) as denominator,
    cast(count(*) filter (where f.is_exceeded) as double) as value,
    max(f.last_reading_at) as as_of,
    {{ merge_extracts('f.extract_ids') }} as extract_ids
from {{ ref('fct_exceedance_hour') }} as f
inner join {{ ref('dim_station') }} as s using (station_code)
where true
group by period_key, s.area_code, f.station_code
union all
select
    'day' as period_kind,
    strftime({{ local_day('f.hour_at') }}, '%Y%m%d') as period_key,
    '38' as area_code,
    '' as breakdown,
    cast(count(*) filter (where f.is_exceeded) as double) as numerator,
    cast(count(*) as double) as denominator,
    cast(count(*) filter (where f.is_exceeded) as double) as value,
    max(f.last_reading_at) as as_of,
    {{ merge_extracts('f.extract_ids') }} as extract_ids
from {{ ref('fct_exceedance_hour') }} as f
where true
group by period_key
