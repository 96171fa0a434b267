with light as (
    select
        *, quarter_key as period_key,
        least(loaded_at, {{ quarter_end() }}) as as_of
    from {{ ref('fct_street_light_quarter') }}
)

{{ by_commune_and_province('light', 'quarter', 'sum(smart_lights)', 'sum(lights)', 'not is_impossible') }}
