-- Một xã hôm nay gồm những đơn vị cũ nào
-- Which old units a commune of today is made of
SELECT n.area_name AS xa_moi, o.area_name AS don_vi_cu, d.area_name AS huyen_cu, b.weight, b.method, b.confidence
FROM mart.bridge_area_old_new AS b
JOIN mart.dim_area AS n ON n.area_code = b.new_code AND n.is_current
JOIN mart.dim_area AS o ON o.area_code = b.old_code AND o.level = 'commune' AND o.valid_to = DATE '2025-06-30'
JOIN mart.dim_area AS d ON d.area_code = o.parent_code AND d.level = 'district' AND d.valid_to = DATE '2025-06-30'
WHERE n.area_name = 'Phường Hạc Thành' ORDER BY 2;
