-- Dollars and đồng are never added: no exchange rate is in the source.
select
    project_code, project_name, tax_code, capital_kind, granted_date, ended_date,
    if(capital_kind = 'trong_nuoc', registered, null) as registered_billion_vnd, if(capital_kind = 'trong_nuoc', realised, null) as realised_billion_vnd,
    if(capital_kind = 'fdi', registered, null) as registered_million_usd, if(capital_kind = 'fdi', realised, null) as realised_million_usd,
    extract_id, loaded_at
from {{ ref('stg_kktns_doanh_nghiep__du_an') }}
