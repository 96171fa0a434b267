-- One row a hospital.
select hospital_code, hospital_name, hospital_class, area_code, emr_date, extract_id, loaded_at
from {{ ref('stg_soyt_y_te__benh_vien') }}
