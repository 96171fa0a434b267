with raw as (
    select * from {{ source('raw', 'sokhcn_ai__du_an') }}
)

select
    ma_da as project_code,
    ten as project_name,
    linh_vuc as field,
    don_vi as agency_name,
    ngay_bat_dau as started_date,
    ngay_trien_khai as deployed_date,
    kinh_phi_trieu as cost_million_vnd,
    {{ lineage() }}
from raw
