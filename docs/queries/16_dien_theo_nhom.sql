-- Điện thương phẩm theo nhóm khách hàng và tháng
-- Electricity sold by customer group and month
SELECT month_key, customer_group, sum(kwh) / 1e6 AS trieu_kwh, bool_or(is_re_estimated) AS co_phan_uoc_lai
FROM mart.fct_power_sold_month
GROUP BY ALL ORDER BY ALL;
