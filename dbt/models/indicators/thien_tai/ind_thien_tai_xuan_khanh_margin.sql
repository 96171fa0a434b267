select
    'hour' as period_kind,
    {{ hour_key('f.hour_at') }} as period_key,
    '38' as area_code,
    '' as breakdown,
    13.71 - f.level_m as numerator,
    cast(null as double) as denominator,
    13.71 - f.level_m as value,
    f.observed_at as as_of,
    f.extract_ids
from {{ ref('fct_river_level_hour') }} as f
where f.station_name = 'Xuân Khánh'
