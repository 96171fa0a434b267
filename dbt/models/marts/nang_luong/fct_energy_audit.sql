select tax_code, firm_name, audit_year, consumption_toe, saved_pct, extract_id, loaded_at
from {{ ref('stg_soct_nang_luong__kiem_toan') }}
