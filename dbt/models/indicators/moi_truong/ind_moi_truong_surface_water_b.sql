with point as (
    select
        *,
        month_key as period_key,
        unnest(extract_ids) as extract_id
    from {{ ref('fct_surface_water_month') }}
    where point_kind = 'tram' and water_class is not null
)

{{ by_commune_and_province('point', 'month', "count(distinct point_code) filter (where water_class in ('A', 'B'))", 'count(distinct point_code)') }}
