select
    'day' as period_kind,
    strftime(taken_date, '%Y%m%d') as period_key,
    '38' as area_code,
    '' as breakdown,
    cast(count(*) filter (where is_over_licence) as double) as numerator,
    cast(count(*) as double) as denominator,
    cast(count(*) filter (where is_over_licence) as double) as value,
    least(max(loaded_at), cast(taken_date + 1 as timestamp) at time zone 'Asia/Ho_Chi_Minh') as as_of,
    {{ merge_extracts('extract_ids') }} as extract_ids
from {{ ref('fct_water_abstraction_day') }}
group by taken_date
