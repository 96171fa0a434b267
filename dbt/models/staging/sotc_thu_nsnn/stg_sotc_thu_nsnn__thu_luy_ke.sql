with raw as (
    select * from {{ source('raw', 'sotc_thu_nsnn__thu_luy_ke') }}
)

select
    nam as budget_year,
    thang as month_no,
    du_toan_ty as planned_billion_vnd,
    tong_thu_ty as collected_billion_vnd,
    thu_noi_dia_ty as domestic_billion_vnd,
    thu_xnk_ty as customs_billion_vnd,
    {{ lineage() }}
from raw
