-- Thiệt hại của mỗi đợt thiên tai theo báo cáo mới nhất của từng xã
-- Damage of each disaster by the communes' newest reports
SELECT e.event_name, count(DISTINCT d.area_code) AS so_xa, sum(d.deaths) AS nguoi_chet, sum(d.houses) AS nha, sum(d.loss_million_vnd) AS trieu_dong
FROM mart.fct_damage_report AS d JOIN mart.dim_disaster_event AS e USING (event_code)
WHERE d.is_latest
GROUP BY ALL ORDER BY trieu_dong DESC;
