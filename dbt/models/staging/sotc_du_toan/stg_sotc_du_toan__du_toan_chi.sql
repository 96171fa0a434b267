with raw as (
    select * from {{ source('raw', 'sotc_du_toan__du_toan_chi') }}
)

select
    nam as budget_year,
    ma_khoan as line_code,
    noi_dung as line_name,
    nhom as line_group,
    so_tien_trieu as amount_million_vnd,
    {{ lineage() }}
from raw
