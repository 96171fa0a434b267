with water as (
    select
        *, quarter_key as period_key,
        least(loaded_at, {{ quarter_end() }}) as as_of
    from {{ ref('fct_clean_water_quarter') }}
)

{{ by_commune_and_province('water', 'quarter', 'sum(people_served)', 'sum(people)', 'not is_impossible') }}
