with raw as (
    select * from {{ source('raw', 'vptu_nq57__nhiem_vu') }}
)

select
    ma_nv as task_code,
    ten as task_name,
    nguon_giao as given_by,
    don_vi_chu_tri as lead_agency,
    ngay_giao as given_date,
    han_hoan_thanh as due_date,
    ngay_hoan_thanh as done_date,
    tien_do_pct as progress_pct,
    san_pham as product,
    {{ lineage() }}
from raw
