-- Hourly river levels of the feed and of the archive of floods.
select station_code, observed_at, station_name, level_m, bd1_m, bd2_m, bd3_m, lat, lon, extract_id, loaded_at
from {{ ref('stg_kttv_thien_tai__muc_nuoc') }}
union all by name
select station_code, observed_at, station_name, level_m, extract_id, loaded_at
from {{ ref('stg_kttv_ho_so_lu__muc_nuoc') }}
