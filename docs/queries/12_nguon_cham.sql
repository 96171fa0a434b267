-- Nguồn chậm hoặc lỗi lúc này, và vì sao
-- Sources late or failing now, and why
SELECT source_id, owner_vi, state_vi, age_vi, reason_vi
FROM mart.source_now
ORDER BY state_order, source_id;
