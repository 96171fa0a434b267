-- Ngưỡng có hiệu lực hôm nay của trạm, hồ và quy chuẩn, kèm căn cứ
-- Thresholds in force today of gauges, reservoirs and standards, with their ground
SELECT subject_kind, subject_code, parameter, level, value_min, value_max, unit, legal_ref, is_unverified
FROM mart.dim_threshold
WHERE current_date BETWEEN valid_from AND coalesce(valid_to, DATE '9999-12-31')
ORDER BY ALL;
