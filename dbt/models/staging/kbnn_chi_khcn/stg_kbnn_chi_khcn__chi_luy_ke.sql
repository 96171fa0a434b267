with raw as (
    select * from {{ source('raw', 'kbnn_chi_khcn__chi_luy_ke') }}
)

select
    nam as budget_year,
    thang as month_no,
    ma_khoan as line_code,
    chi_luy_ke_trieu as spent_million_vnd,
    {{ lineage() }}
from raw
