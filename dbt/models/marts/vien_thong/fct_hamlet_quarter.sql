select hamlet_code, quarter_key, area_code, has_4g, has_5g, has_fibre, has_power, extract_id, loaded_at
from {{ ref('stg_sokhcn_vien_thong__vt_thon') }}
