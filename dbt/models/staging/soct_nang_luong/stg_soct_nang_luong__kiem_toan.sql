with raw as (
    select * from {{ source('raw', 'soct_nang_luong__kiem_toan') }}
)

select
    mst as tax_code,
    ten as firm_name,
    nam as audit_year,
    toe as consumption_toe,
    tk_pct as saved_pct,
    {{ lineage() }}
from raw
