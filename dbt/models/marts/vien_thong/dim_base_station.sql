select station_code, carrier, technology, area_code, lat, lon, on_air_date, extract_id, loaded_at
from {{ ref('stg_sokhcn_vien_thong__vt_bts') }}
