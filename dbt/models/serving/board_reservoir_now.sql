{{ config(materialized='view') }}
-- Each reservoir at its newest hour, those above their permitted level first.
select
    d.reservoir_name, d.basin, {{ vi_time('r.hour_at') }} as hour_vi, r.level_m, r.limit_m, r.storage_pct, r.inflow_m3s, r.release_m3s,
    case when r.is_above_limit then '■ vượt mực nước cho phép' when r.limit_m is null then '○ chưa có giới hạn' else '● trong giới hạn' end as state_vi,
    row_number() over (order by coalesce(r.is_above_limit, false) desc, r.storage_pct desc nulls last, d.reservoir_name asc) as place_no
from {{ ref('fct_reservoir_hour') }} as r
inner join {{ ref('dim_reservoir') }} as d using (reservoir_code)
qualify row_number() over (partition by r.reservoir_code order by r.hour_at desc) = 1
