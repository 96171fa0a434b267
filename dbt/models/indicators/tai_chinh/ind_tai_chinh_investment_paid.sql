-- For the province only: a project across communes cannot be shared out among them, so they would not sum to it.
with project as (
    select * replace (null as area_code), month_key as period_key from {{ ref('fct_investment_month') }}
)

{{ by_commune_and_province('project', 'month', 'sum(paid_million_vnd)', 'sum(planned_million_vnd)') }}
