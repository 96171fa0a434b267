with raw as (
    select * from {{ source('raw', 'sokhcn_toc_do__do_toc_do') }}
)

select
    id as test_code,
    thoi_gian as tested_at,
    ma_xa as area_code,
    nha_mang as carrier,
    download_mbps,
    upload_mbps,
    {{ lineage() }}
from raw
