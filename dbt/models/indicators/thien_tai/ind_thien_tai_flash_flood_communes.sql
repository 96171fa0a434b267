with commune as (
    select count(*) as n from {{ ref('dim_area') }}
    where is_current and area_code <> '38'
)

select
    'hour' as period_kind,
    {{ hour_key('f.hour_at') }} as period_key,
    '38' as area_code,
    '' as breakdown,
    cast(count(*) filter (where f.risk_level >= 2) as double) as numerator,
    cast(any_value(c.n) as double) as denominator,
    cast(count(*) filter (where f.risk_level >= 2) as double) as value,
    max(f.forecast_at) as as_of,
    {{ merge_extracts('f.extract_ids') }} as extract_ids
from {{ ref('fct_flash_flood_hour') }} as f
cross join commune as c
where f.risk_level is not null
group by period_key
