select area_code, quarter_key, households, fibre_households, fibre_households > households as is_impossible, extract_id, loaded_at
from {{ ref('stg_sokhcn_vien_thong__vt_ho') }}
