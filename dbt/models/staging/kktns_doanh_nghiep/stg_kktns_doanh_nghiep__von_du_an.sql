with raw as (
    select * from {{ source('raw', 'kktns_doanh_nghiep__von_du_an') }}
)

select
    ma_da as project_code,
    quy as quarter_key,
    don_vi as unit,
    von_dk as registered,
    von_th as realised,
    {{ lineage() }}
from raw
