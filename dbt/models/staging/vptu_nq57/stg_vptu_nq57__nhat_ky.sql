with raw as (
    select * from {{ source('raw', 'vptu_nq57__nhat_ky') }}
)

select
    ma_nv as task_code,
    ngay as changed_date,
    trang_thai_cu as old_state,
    trang_thai_moi as new_state,
    {{ lineage() }}
from raw
