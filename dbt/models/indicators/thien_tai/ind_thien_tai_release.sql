select
    'hour' as period_kind,
    {{ hour_key('f.hour_at') }} as period_key,
    '38' as area_code,
    'ho=' || f.reservoir_code as breakdown,
    f.release_m3s as numerator,
    cast(null as double) as denominator,
    f.release_m3s as value,
    f.observed_at as as_of,
    f.extract_ids
from {{ ref('fct_reservoir_hour') }} as f
where f.release_m3s is not null
union all
select
    'hour' as period_kind,
    {{ hour_key('f.hour_at') }} as period_key,
    '38' as area_code,
    '' as breakdown,
    f.release_m3s as numerator,
    cast(null as double) as denominator,
    f.release_m3s as value,
    f.observed_at as as_of,
    f.extract_ids
from {{ ref('fct_reservoir_hour') }} as f
where f.is_largest_release
