with raw as (
    select * from {{ source('raw', 'sotc_cong_khai__bieu') }}
)

select
    bieu as form,
    nam as budget_year,
    dong as line_no,
    stt as line_mark,
    noi_dung as line_name,
    so_tien_trieu as amount_million_vnd,
    {{ lineage() }}
from raw
