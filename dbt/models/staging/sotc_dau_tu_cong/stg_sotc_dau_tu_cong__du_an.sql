with raw as (
    select * from {{ source('raw', 'sotc_dau_tu_cong__du_an') }}
)

select
    ma_da as project_code,
    ten as project_name,
    nhom as project_group,
    ma_xa as area_code,
    chu_dau_tu as investor,
    ngay_khoi_cong as started_date,
    han_hoan_thanh as due_date,
    ngay_hoan_thanh as done_date,
    {{ lineage() }}
from raw
