{{ config(materialized='view') }}
-- Hourly VN_AQI of the air stations.
select f.hour_at, s.station_name, f.aqi
from {{ ref('fct_aqi_hour') }} as f
inner join {{ ref('dim_station') }} as s using (station_code)
where f.aqi is not null
