-- Tỷ lệ hồ sơ trực tuyến cả năm, gộp từ tử số và mẫu số, không lấy trung bình
-- Share of dossiers online over a year, from numerators and denominators, never averaged
SELECT left(period_key, 4) AS nam, sum(numerator) AS truc_tuyen, sum(denominator) AS tiep_nhan, 100 * sum(numerator) / sum(denominator) AS ty_le
FROM mart.obs_indicator
WHERE indicator_code = 'DX03' AND area_code = '38' AND breakdown = '' AND period_kind = 'month'
GROUP BY 1 ORDER BY 1;
