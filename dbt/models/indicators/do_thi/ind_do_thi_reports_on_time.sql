with by_month as (
    select *, left(day_key, 6) as period_key, coalesce(done_at, sent_at) as as_of from {{ ref('fct_field_report') }}
),

by_day as (
    select * replace (null as area_code, day_key as period_key) from by_month
)

{{ by_commune_and_province('by_month', 'month', 'count(*) filter (where is_on_time)', 'count(*)', 'is_judged') }}
union all by name
{{ by_commune_and_province('by_day', 'day', 'count(*) filter (where is_on_time)', 'count(*)', 'is_judged') }}
