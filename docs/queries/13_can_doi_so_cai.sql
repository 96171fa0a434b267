-- Sổ cái cân: dòng vào = nạp + cách ly + trùng, theo nguồn
-- The ledger balances: rows in = loaded + quarantined + duplicates, by source
SELECT source_id, rows_in, rows_loaded, rows_quarantined, rows_deduplicated, rows_in - rows_loaded - rows_quarantined - rows_deduplicated AS lech
FROM mart.source_now
ORDER BY rows_in DESC;
