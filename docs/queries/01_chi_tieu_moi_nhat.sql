-- Giá trị mới nhất của mọi chỉ tiêu toàn tỉnh, kèm bốn điểm tin cậy
-- The newest value of every indicator of the province, with its four grades
SELECT i.indicator_code, i.title_vi, o.period_key, o.value, i.unit, o.grade_valid, o.grade_complete, o.grade_clean, o.grade_live
FROM mart.obs_indicator AS o JOIN catalog.indicator AS i USING (indicator_code)
WHERE o.area_code = '38' AND o.breakdown = '' AND o.value IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY o.indicator_code ORDER BY o.period_key DESC) = 1
ORDER BY 1;
