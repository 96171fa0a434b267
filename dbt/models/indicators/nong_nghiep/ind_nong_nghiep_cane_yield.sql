with harvest as (
    select *, year_key as period_key, loaded_at as as_of from {{ ref('fct_cane_yield') }}
)

{{ by_commune_and_province('harvest', 'year', 'sum(tonnes order by plot_code)', 'sum(area_ha order by plot_code)', scale=1) }}
