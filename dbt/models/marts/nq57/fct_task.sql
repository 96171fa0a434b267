-- One row a task of Resolution 57. “Overdue” is computed from the deadline, whatever the workbook says.
select
    task_code, task_name, given_by, lead_agency, given_date, due_date, done_date, progress_pct, product,
    done_date is not null as is_done,
    done_date <= due_date as is_done_on_time,
    greatest(0, coalesce(done_date, current_date) - due_date) as days_late,
    extract_id,
    loaded_at
from {{ ref('stg_vptu_nq57__nhiem_vu') }}
