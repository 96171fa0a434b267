{# The share of dossiers that `counted` holds for among those that `among` holds for, by the day in `day`: each month for
   communes and the province, each day for the province. #}
{% macro dossier_ratio(counted, among, day) -%}
with dossier as (
    select *, {{ day }} as day_key, coalesce(resolved_at, submitted_at) as as_of
    from {{ ref('fct_dossier') }}
    where {{ among }}
),

by_month as (
    select *, substr(day_key, 1, 6) as period_key from dossier
),

by_day as (
    select * replace (null as area_code), day_key as period_key from dossier
)

{{ by_commune_and_province('by_month', 'month', 'count(*) filter (where ' ~ counted ~ ')', 'count(*)') }}
union all by name
{{ by_commune_and_province('by_day', 'day', 'count(*) filter (where ' ~ counted ~ ')', 'count(*)') }}
{%- endmacro %}
