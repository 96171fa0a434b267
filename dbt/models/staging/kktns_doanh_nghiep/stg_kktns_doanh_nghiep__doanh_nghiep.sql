with raw as (
    select * from {{ source('raw', 'kktns_doanh_nghiep__doanh_nghiep') }}
)

select
    mst as tax_code,
    ten as firm_name,
    kcn as zone,
    trang_thai as status,
    ngay_trang_thai as status_date,
    lao_dong as employees,
    ngay_cap as granted_date,
    cap_nhat as updated_at,
    {{ lineage() }}
from raw
