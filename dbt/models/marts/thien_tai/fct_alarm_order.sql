-- One row an alarm order, with the level that the station had in the hour of issue and the alarm that those metres mean.
select
    o.order_number,
    o.event_code,
    o.station_code,
    o.alarm_level as ordered_level,
    o.issued_at,
    r.level_m as level_at_issue_m,
    r.alarm_level as reached_level,
    o.extract_id,
    o.loaded_at
from {{ ref('stg_bchptds_thien_tai__cong_dien') }} as o
left join {{ ref('fct_river_level_hour') }} as r
    on o.station_code = r.station_code and date_trunc('hour', o.issued_at) = r.hour_at
