{{ config(materialized='view') }}
-- Each gauge at its newest hour against its three alarm levels, the highest first.
select
    station_name, river, {{ vi_time('hour_at') }} as hour_vi, level_m, bd1_m, bd2_m, bd3_m,
    case when alarm_level is null then '○ chưa rõ' when alarm_level = 0 then '● dưới báo động 1' when alarm_level = 1 then '▲ trên báo động 1' else '■ trên báo động ' || alarm_level end
    || if(is_threshold_unverified, ' (ngưỡng chưa kiểm chứng)', '') as state_vi,
    row_number() over (order by alarm_level desc nulls last, level_m - bd1_m desc nulls last, station_name asc) as place_no
from {{ ref('fct_river_level_hour') }}
qualify row_number() over (partition by station_code order by hour_at desc) = 1
