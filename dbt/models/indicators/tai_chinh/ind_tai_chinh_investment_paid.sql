with project as (
    select *, month_key as period_key from {{ ref('fct_investment_month') }}
)

{{ by_commune_and_province('project', 'month', 'sum(paid_million_vnd)', 'sum(planned_million_vnd)') }}
