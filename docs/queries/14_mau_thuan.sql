-- Đại lượng mà hai nguồn nói khác nhau
-- Quantities that two sources tell differently
SELECT quantity, period_key, source_a, value_a, source_b, value_b, difference_pct, is_conflict
FROM mart.fct_source_conflict
ORDER BY difference_pct DESC;
