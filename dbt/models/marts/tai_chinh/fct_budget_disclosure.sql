-- Lines of the province's own published budget forms (Circular 343/2016/TT-BTC), million đồng. Real data; empty without
-- IOC_OPEN_DATA. Sub-totals are lines like others: sum only lines of one level (`line_mark`).
select form, budget_year, line_no, line_mark, line_name, amount_million_vnd, extract_id, loaded_at
from {{ ref('stg_sotc_cong_khai__bieu') }}
