with raw as (
    select * from {{ source('raw', 'sokhcn_quy__quy_khcn') }}
)

select
    ky as quarter_key,
    so_du_dau as opening_billion_vnd,
    thu as income_billion_vnd,
    chi as spending_billion_vnd,
    so_du_cuoi as closing_billion_vnd,
    {{ lineage() }}
from raw
