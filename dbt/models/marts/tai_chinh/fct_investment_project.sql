-- One row a project of public investment; no commune where it crosses several.
select project_code, project_name, project_group, area_code, investor, started_date, due_date, done_date, extract_id, loaded_at
from {{ ref('stg_sotc_dau_tu_cong__du_an') }}
