with raw as (
    select * from {{ source('raw', 'sonnmt_nncnc__khu') }}
)

select
    ma_khu as zone_code,
    ten as zone_name,
    ma_xa as area_code,
    dien_tich_ha as area_ha,
    cay_trong as crop,
    {{ lineage() }}
from raw
