with raw as (
    select * from {{ source('raw', 'sotc_cong_khai__du_toan') }}
)

select
    bieu as form,
    nam as budget_year,
    dong as line_no,
    stt as line_mark,
    noi_dung as line_name,
    du_toan_trieu as planned_million_vnd,
    {{ lineage() }}
from raw
