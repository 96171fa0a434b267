with dossier as (
    select *, resolved_day as day_key, coalesce(resolved_at, submitted_at) as as_of
    from {{ ref('fct_dossier') }}
    where is_resolved
),

by_month as (
    select *, substr(day_key, 1, 6) as period_key from dossier
),

by_day as (
    select * replace (null as area_code), day_key as period_key from dossier
)

{{ by_commune_and_province('by_month', 'month', "count(*) filter (where is_result_digitised)", 'count(*)') }}
union all by name
{{ by_commune_and_province('by_day', 'day', "count(*) filter (where is_result_digitised)", 'count(*)') }}
