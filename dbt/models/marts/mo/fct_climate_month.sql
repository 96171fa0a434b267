-- Monthly climate of station Thanh Hóa, 1961-2017. Real data (IMHEN); empty without IOC_OPEN_DATA.
select
    obs_year, list_position(['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'], month_name) as obs_month,
    station_name, temp_mean_c, temp_max_c, temp_min_c, rain_mm, humidity_pct, sunshine_hours, extract_id, loaded_at
from {{ ref('stg_imhen_khi_hau__thang') }}
