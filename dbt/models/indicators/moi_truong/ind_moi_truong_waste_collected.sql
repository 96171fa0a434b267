with held as (
    select
        *,
        month_key as period_key,
        loaded_at as as_of
    from {{ ref('fct_solid_waste_month') }}
    where not is_implausible
)

{{ by_commune_and_province('held', 'month', 'sum(collected_t order by area_code)', 'sum(arisen_t order by area_code)') }}
