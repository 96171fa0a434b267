{{ config(materialized='view') }}
-- The map of hazards: communes by flash-flood and landslide risk of the newest hour, then, as circles, gauges by alarm level,
-- reservoirs by their permitted level. `level_no` 0 to 3 is one scale of words for all; -1 is a gauge or reservoir at rest, -2 one of which too little is known to say.
with river as (
    select station_code, station_name, river, level_m, alarm_level, hour_at from {{ ref('fct_river_level_hour') }}
    qualify row_number() over (partition by station_code order by hour_at desc) = 1
),

reservoir as (
    select reservoir_code, level_m, storage_pct, is_above_limit, hour_at from {{ ref('fct_reservoir_hour') }}
    qualify row_number() over (partition by reservoir_code order by hour_at desc) = 1
)

select 1 as layer_no, area_code as place_code, polygon, flood_level as level_no, area_name || ': nguy cơ lũ quét, sạt lở ' || flood_level_vi as tooltip_vi
from {{ ref('commune_map') }}
union all by name
select
    2 as layer_no, r.reservoir_code as place_code, {{ circle('d.lon', 'd.lat', '1.6') }} as polygon, case when r.is_above_limit then 2 when r.is_above_limit is null then -2 else -1 end as level_no,
    'Hồ ' || d.reservoir_name || ': ' || {{ vi_number('r.level_m', '2') }} || ' m, ' || coalesce({{ vi_number('r.storage_pct', '0') }} || ' % dung tích', 'chưa rõ dung tích')
    || if(r.is_above_limit, ', vượt mực nước cho phép', '') as tooltip_vi
from reservoir as r
inner join {{ ref('dim_reservoir') }} as d using (reservoir_code)
where d.lon is not null
union all by name
select
    3 as layer_no, g.station_code as place_code, {{ circle('s.lon', 's.lat', '2.2') }} as polygon, case when g.alarm_level is null then -2 when g.alarm_level = 0 then -1 else g.alarm_level end as level_no,
    'Trạm ' || g.station_name || ' (sông ' || g.river || '): ' || {{ vi_number('g.level_m', '2') }} || ' m, '
    || case when g.alarm_level is null then 'chưa rõ báo động' when g.alarm_level = 0 then 'dưới báo động 1' else 'trên báo động ' || g.alarm_level end as tooltip_vi
from river as g
inner join {{ ref('dim_station') }} as s using (station_code)
where s.lon is not null
order by layer_no asc
