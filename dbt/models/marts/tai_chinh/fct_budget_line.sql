-- Planned expenditure of the province, a row a year and line, million đồng (demo workbook).
select budget_year, line_code, line_name, line_group, amount_million_vnd, line_group = 'KHCN_DMST_CDS' as is_science, extract_id, loaded_at
from {{ ref('stg_sotc_du_toan__du_toan_chi') }}
