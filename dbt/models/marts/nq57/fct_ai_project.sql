-- One row an AI project, programme or initiative.
select project_code, project_name, field, agency_name, started_date, deployed_date, cost_million_vnd, deployed_date is not null as is_deployed, extract_id, loaded_at
from {{ ref('stg_sokhcn_ai__du_an') }}
