{{ config(materialized='view') }}
-- The newest value of each indicator in each commune, with its polygons for maps (a row a polygon). A cell that stands in for an
-- unknown boundary is said to be one.
select
    c.indicator_code, c.area_code, c.area_name as commune_vi, c.value, c.value_vi, c.unit, c.status, c.period_vi, s.polygon_no, s.outer_ring as polygon, s.method,
    c.area_name || ': ' || c.value_vi || ' ' || c.unit || ' · ' || c.period_vi || case when c.is_made_up then ' · minh họa' else '' end
    || case when s.method <> 'ranh giới công bố' then ' · ranh giới là ô tính từ tâm xã' else '' end as tooltip_vi
from {{ ref('card_now') }} as c
inner join {{ ref('dim_area_shape') }} as s using (area_code)
