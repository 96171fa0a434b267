-- The register says what a school is now, not since when: the newest school year only.
with school as (
    select *, left(school_year, 4) as period_key, loaded_at as as_of
    from {{ ref('fct_school_year') }}
    where school_year = (select max(school_year) from {{ ref('fct_school_year') }})
)

{{ by_commune_and_province('school', 'year', 'count(*) filter (where is_national_standard)', 'count(*)', 'is_national_standard is not null') }}
