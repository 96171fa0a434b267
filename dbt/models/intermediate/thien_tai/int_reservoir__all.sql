-- Hourly reports of reservoirs of the feed and of the archive of floods.
select * from {{ ref('stg_sonnmt_ho_chua__van_hanh') }}
union all by name
select reservoir_code, observed_at, reservoir_name, level_m, inflow_m3s, release_m3s, extract_id, loaded_at
from {{ ref('stg_kttv_ho_so_lu__ho_chua') }}
