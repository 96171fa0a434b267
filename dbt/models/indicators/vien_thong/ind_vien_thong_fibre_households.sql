with home as (
    select *, quarter_key as period_key, least(loaded_at, {{ quarter_end() }}) as as_of from {{ ref('fct_fibre_quarter') }}
)

{{ by_commune_and_province('home', 'quarter', 'sum(fibre_households)', 'sum(households)', 'not is_impossible') }}
