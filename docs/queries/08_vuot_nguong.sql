-- Giờ nước thải vượt ngưỡng giấy phép, theo trạm và thông số
-- Hours of waste water over the permit's limit, by station and parameter
SELECT station_code, parameter, count(*) FILTER (is_exceeded) AS gio_vuot, count(*) AS gio_do, max(times_limit) AS gap_nguong
FROM mart.fct_exceedance_hour
GROUP BY ALL ORDER BY gio_vuot DESC;
