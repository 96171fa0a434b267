with petition as (
    select *, month_key as period_key, coalesce(handled_at, received_at) as as_of from {{ ref('fct_petition') }}
)

{{ by_commune_and_province('petition', 'month', 'count(*) filter (where is_on_time)', 'count(*)', 'is_judged') }}
