with entitled as (
    select *, month_key as period_key from {{ ref('fct_recipient_month') }}
)

{{ by_commune_and_province('entitled', 'month', 'sum(recipients)', '1', scale=1) }}
