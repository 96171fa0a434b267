-- One row a hospital and day: visits, days of inpatient treatment, beds in place.
select d.hospital_code, h.hospital_name, h.area_code, d.date_day, strftime(d.date_day, '%Y%m%d') as day_key, d.outpatient_visits, d.inpatient_days, d.beds, d.extract_id, d.loaded_at
from {{ ref('stg_soyt_y_te__kcb_ngay') }} as d
left join {{ ref('dim_hospital') }} as h using (hospital_code)
