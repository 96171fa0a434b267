with raw as (
    select * from {{ source('raw', 'sokhcn_bai_toan__bai_toan_dn') }}
)

select
    ma_bt as problem_code,
    mst_dn as tax_code,
    vai_tro as role,
    ngay_dang_ky as registered_date,
    {{ lineage() }}
from raw
