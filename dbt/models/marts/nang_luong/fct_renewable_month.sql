select plant_code, month_key, kwh, extract_id, loaded_at
from {{ ref('stg_soct_nang_luong__san_luong') }}
