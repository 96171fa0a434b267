{{ config(materialized='view') }}
-- Normal rain and temperature by month 1981-2010, station Thanh Hóa. Real data.
select obs_month, printf('Th%02d', obs_month) as month_vi, round(avg(rain_mm), 0) as rain_mm, round(avg(temp_mean_c), 1) as temp_mean_c
from {{ ref('fct_climate_month') }}
where obs_year between 1981 and 2010
group by all
