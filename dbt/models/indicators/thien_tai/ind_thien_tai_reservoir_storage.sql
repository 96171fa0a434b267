select
    'hour' as period_kind,
    {{ hour_key('f.hour_at') }} as period_key,
    '38' as area_code,
    'ho=' || f.reservoir_code as breakdown,
    f.volume_million_m3 as numerator,
    f.capacity_million_m3 as denominator,
    f.storage_pct as value,
    f.observed_at as as_of,
    f.extract_ids
from {{ ref('fct_reservoir_hour') }} as f
where f.storage_pct is not null
union all
select
    'hour' as period_kind,
    {{ hour_key('f.hour_at') }} as period_key,
    '38' as area_code,
    '' as breakdown,
    sum(f.volume_million_m3 order by f.reservoir_code) as numerator,
    sum(f.capacity_million_m3 order by f.reservoir_code) as denominator,
    100.0 * sum(f.volume_million_m3 order by f.reservoir_code) / sum(f.capacity_million_m3 order by f.reservoir_code) as value,
    max(f.observed_at) as as_of,
    {{ merge_extracts('f.extract_ids') }} as extract_ids
from {{ ref('fct_reservoir_hour') }} as f
where f.storage_pct is not null
group by period_key
