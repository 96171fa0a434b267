-- Lines of the province's own published budget forms (Circular 343/2016/TT-BTC), million đồng. Real data; empty without
-- IOC_OPEN_DATA. Sub-totals are lines like others: sum only lines of one level (`line_mark`).
select form, budget_year, line_no, line_mark, line_name, planned_million_vnd, cast(null as decimal(28, 6)) as settled_million_vnd, extract_id, loaded_at
from {{ ref('stg_sotc_cong_khai__du_toan') }}
union all
select form, budget_year, line_no, line_mark, line_name, planned_million_vnd, settled_million_vnd, extract_id, loaded_at
from {{ ref('stg_sotc_cong_khai__quyet_toan') }}
