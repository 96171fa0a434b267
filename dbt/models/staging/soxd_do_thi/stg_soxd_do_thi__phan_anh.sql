with raw as (
    select * from {{ source('raw', 'soxd_do_thi__phan_anh') }}
)

select
    ma as report_code,
    linh_vuc as field,
    ma_xa as area_code,
    luc_gui as sent_at,
    han_xu_ly as due_at,
    luc_xong as done_at,
    {{ lineage() }}
from raw
