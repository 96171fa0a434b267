-- Chỉ tiêu chưa tính được: vì sao và còn thiếu gì
-- Indicators that cannot be computed yet: why, and what is missing
SELECT indicator_code, title_vi, blocked_vi, missing_vi
FROM catalog.indicator
WHERE blocked_vi IS NOT NULL ORDER BY 1;
