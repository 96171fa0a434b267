select project_code, project_name, tax_code, capital_kind, granted_date, ended_date, extract_id, loaded_at
from {{ ref('stg_kktns_doanh_nghiep__du_an') }}
