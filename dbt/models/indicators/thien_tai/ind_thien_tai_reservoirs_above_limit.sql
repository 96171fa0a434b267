select
    'hour' as period_kind,
    {{ hour_key('f.hour_at') }} as period_key,
    '38' as area_code,
    '' as breakdown,
    cast(count(*) filter (where f.is_above_limit) as double) as numerator,
    cast(count(*) as double) as denominator,
    cast(count(*) filter (where f.is_above_limit) as double) as value,
    max(f.observed_at) as as_of,
    {{ merge_extracts('f.extract_ids') }} as extract_ids
from {{ ref('fct_reservoir_hour') }} as f
where f.margin_m is not null
group by period_key
