select
    ma_xa as commune_code,
    ma_xa_cu as old_commune_code,
    ten_xa as commune_name,
    thoi_gian as forecast_at,
    dong as line_number,
    so_gio_du_bao as forecast_hours,
    nguy_co_lu_quet as flash_flood_text,
    nguy_co_sat_lo as landslide_text,
    cast(mua_td_mm as double) as rain_observed_mm,
    cast(mua_db_mm as double) as rain_forecast_mm,
    _extract_id as extract_id,
    _loaded_at as loaded_at
from {{ source('raw', 'kttv_thien_tai__lu_quet') }}
