with dossier as (
    select *, submitted_day as day_key, coalesce(resolved_at, submitted_at) as as_of
    from {{ ref('fct_dossier') }}
    where has_fee
),

by_month as (
    select *, substr(day_key, 1, 6) as period_key from dossier
),

by_day as (
    select * replace (null as area_code), day_key as period_key from dossier
)

{{ by_commune_and_province('by_month', 'month', "count(*) filter (where is_paid_online)", 'count(*)') }}
union all by name
{{ by_commune_and_province('by_day', 'day', "count(*) filter (where is_paid_online)", 'count(*)') }}
