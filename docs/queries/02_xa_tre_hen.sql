-- Mười xã có tỷ lệ hồ sơ đúng hạn thấp nhất
-- The ten communes with the fewest dossiers on time
SELECT area_name, on_time_pct, dossiers_resolved
FROM mart.commune_map
WHERE polygon_no = 1 AND dossiers_resolved >= 20
ORDER BY on_time_pct LIMIT 10;
