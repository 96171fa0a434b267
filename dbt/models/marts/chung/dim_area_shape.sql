-- One row a polygon of a current commune: the published boundary where open data has it, else the cell of its centroid.
with boundary as (
    select area_code, geometry_geojson, 'ranh giới công bố' as method from {{ ref('stg_thanglequoc_ranh_gioi__xa') }}
),

cell as (
    select area_code, cell_geojson as geometry_geojson, 'ô lưới từ tâm xã' as method
    from {{ ref('stg_vietnamadminunits_dvhc__don_vi_moi') }}
    where area_code not in (select area_code from boundary)
),

geometry as (
    select area_code, method, cast(geometry_geojson as json) as g from (select * from boundary union all select * from cell)
),

polygon as (
    select area_code, method, unnest(case when g ->> 'type' = 'MultiPolygon' then cast(g -> 'coordinates' as json[]) else [g -> 'coordinates'] end) as rings
    from geometry
)

select
    area_code,
    cast(row_number() over (partition by area_code order by length(cast(rings as varchar)) desc) as integer) as polygon_no,
    cast(rings -> 0 as varchar) as outer_ring,
    json_object('type', 'Polygon', 'coordinates', rings) as geometry_geojson,
    method
from polygon
