-- One row a change of a task's state in the log of nq57.vn. Who typed it never comes this far.
select
    task_code, changed_date, old_state, new_state,
    row_number() over (partition by task_code order by changed_date, list_position(['chua', 'dang', 'hoan_thanh'], new_state)) as change_no,
    extract_id, loaded_at
from {{ ref('stg_vptu_nq57__nhat_ky') }}
