with hamlet as (
    select *, quarter_key as period_key, least(loaded_at, {{ quarter_end() }}) as as_of from {{ ref('fct_hamlet_quarter') }}
)

{{ by_commune_and_province('hamlet', 'quarter', 'count(*) filter (where has_4g)', 'count(*)') }}
