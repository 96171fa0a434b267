with school_year as (
    select *, left(school_year, 4) as period_key, loaded_at as as_of from {{ ref('fct_school_year') }}
)

{{ by_commune_and_province('school_year', 'year', 'sum(digital_records)', 'sum(pupils)', 'digital_records is not null') }}
