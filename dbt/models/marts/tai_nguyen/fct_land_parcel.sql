-- One row a parcel with the state of its data; who uses it never leaves the landing.
select parcel_code, area_code, sheet_number, parcel_number, area_m2, land_use, status, cleaned_date, extract_id, loaded_at
from {{ ref('stg_sonnmt_dat_dai__thua_dat') }}
