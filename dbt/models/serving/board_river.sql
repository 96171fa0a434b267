{{ config(materialized='view') }}
-- River levels of the last days relative to each station's first alarm level, metres (0 = BĐ1).
select f.hour_at, s.station_name, round(f.level_m - s.bd1_m, 2) as above_bd1_m
from {{ ref('fct_river_level_hour') }} as f
inner join {{ ref('dim_station') }} as s using (station_code)
where f.hour_at > (select max(hour_at) - interval 5 day from {{ ref('fct_river_level_hour') }})
