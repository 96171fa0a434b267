with raw as (
    select * from {{ source('raw', 'sokhcn_quy__dn_khcn') }}
)

select
    mst as tax_code,
    ten as firm_name,
    so_gcn as certificate_code,
    ngay_cap as granted_date,
    ngay_cham_dut as ended_date,
    {{ lineage() }}
from raw
