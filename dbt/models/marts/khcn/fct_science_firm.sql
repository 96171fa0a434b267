-- One row a science firm and the time in which its certificate holds.
select tax_code, firm_name, certificate_code, granted_date, ended_date, extract_id, loaded_at
from {{ ref('stg_sokhcn_quy__dn_khcn') }}
