with raw as (
    select * from {{ source('raw', 'kktns_doanh_nghiep__du_an') }}
)

select
    ma_da as project_code,
    ten as project_name,
    mst as tax_code,
    loai_von as capital_kind,
    ngay_cap as granted_date,
    ngay_cham_dut as ended_date,
    {{ lineage() }}
from raw
