with newest as (
    select
        *,
        year_key || cast(ceil(cast(substr(month_key, 5) as integer) / 3) as integer) as period_key
    from {{ ref('fct_mine_month') }}
    qualify row_number() over (partition by licence_code, period_key order by month_key desc) = 1
)

select
    'quarter' as period_kind,
    period_key,
    '38' as area_code,
    '' as breakdown,
    cast(count(*) filter (where is_over_licence) as double) as numerator,
    cast(count(*) as double) as denominator,
    cast(count(*) filter (where is_over_licence) as double) as value,
    max(loaded_at) as as_of,
    {{ merge_extracts('extract_ids') }} as extract_ids
from newest
group by period_key
