-- So từng tháng với cùng kỳ năm trước
-- Each month against the same month of last year
SELECT p.title_vi, o.value, y.value AS cung_ky, o.value - y.value AS thay_doi
FROM mart.obs_indicator AS o
JOIN mart.dim_period AS p USING (period_kind, period_key)
LEFT JOIN mart.obs_indicator AS y ON y.indicator_code = o.indicator_code AND y.period_kind = o.period_kind AND y.period_key = p.year_ago_key AND y.area_code = o.area_code AND y.breakdown = o.breakdown
WHERE o.indicator_code = 'NL01' AND o.area_code = '38' AND o.breakdown = ''
ORDER BY p.first_date;
