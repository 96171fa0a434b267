with raw as (
    select * from {{ source('raw', 'kktns_doanh_nghiep__chuyen_doi_so') }}
)

select
    mst as tax_code,
    nen_tang as platform,
    ngay as adopted_date,
    muc_do as maturity_level,
    {{ lineage() }}
from raw
