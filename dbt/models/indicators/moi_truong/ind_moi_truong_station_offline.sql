select
    'hour' as period_kind,
    {{ hour_key('f.hour_at') }} as period_key,
    '38' as area_code,
    '' as breakdown,
    cast(count(*) filter (where f.is_offline) as double) as numerator,
    cast(count(*) as double) as denominator,
    100.0 * count(*) filter (where f.is_offline) / count(*) as value,
    max(f.judged_at) as as_of,
    {{ merge_extracts('f.extract_ids') }} as extract_ids
from {{ ref('fct_env_station_hour') }} as f
where true
group by period_key
