with raw as (
    select * from {{ source('raw', 'ttpvhcc_phan_anh__cong_khai_tthc') }}
)

select
    so_qd as decision_code,
    ma_tthc as procedure_code,
    ngay_cong_bo as announced_date,
    han_cong_khai as due_date,
    ngay_cong_khai as published_date,
    {{ lineage() }}
from raw
