with school_year as (
    select *, substr(school_year, 1, 4) as period_key, loaded_at as as_of
    from {{ ref('fct_school_year') }}
)

{{ by_commune_and_province('school_year', 'year', 'sum(pupils)', 'sum(classes)', scale=1) }}
