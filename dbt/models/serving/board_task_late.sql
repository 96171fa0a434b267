{{ config(materialized='view') }}
-- Tasks of Resolution 57 that are past their day and not done, the latest first.
select task_code, task_name, lead_agency, due_date, cast(({{ right_now() }}) at time zone 'Asia/Ho_Chi_Minh' as date) - due_date as n_days, progress_pct
from {{ ref('fct_task') }}
where not is_done and due_date < cast(({{ right_now() }}) at time zone 'Asia/Ho_Chi_Minh' as date)
