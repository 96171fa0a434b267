with held as (
    select
        *,
        quarter_key as period_key,
        loaded_at as as_of
    from {{ ref('fct_certificate_quarter') }}
    where not is_implausible
)

{{ by_commune_and_province('held', 'quarter', 'sum(issued_ha order by area_code)', 'sum(eligible_ha order by area_code)') }}
