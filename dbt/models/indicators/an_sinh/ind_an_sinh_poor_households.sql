with household as (
    select *, cast(survey_year as varchar) as period_key, least(loaded_at, cast(make_date(survey_year + 1, 1, 1) as timestamp) at time zone 'Asia/Ho_Chi_Minh') as as_of
    from {{ ref('fct_poverty_year') }}
)

{{ by_commune_and_province('household', 'year', 'sum(poor_households)', 'sum(households)') }}
