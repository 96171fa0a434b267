-- Doanh nghiệp có mặt trong nhiều hệ thống
-- Firms that stand in several systems
SELECT entity_code, entity_name, codes, source_ids
FROM mart.dim_directory
WHERE entity_kind = 'firm'
ORDER BY n_systems DESC, entity_code LIMIT 20;
