-- Bão Kajiki: mực nước, cấp báo động và xả của Cửa Đạt theo giờ
-- Storm Kajiki: water levels, alarm levels and Cửa Đạt's release by hour
SELECT r.hour_at, r.station_name, r.level_m, r.alarm_level, c.release_m3s AS cua_dat_xa
FROM mart.fct_river_level_hour AS r
LEFT JOIN mart.fct_reservoir_hour AS c ON c.hour_at = r.hour_at AND c.reservoir_code = (SELECT reservoir_code FROM mart.dim_reservoir WHERE reservoir_name = 'Cửa Đạt')
WHERE r.hour_at >= TIMESTAMPTZ '2025-08-25 00:00:00+07' AND r.hour_at < TIMESTAMPTZ '2025-08-28 00:00:00+07'
ORDER BY r.station_name, r.hour_at;
