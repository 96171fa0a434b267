with raw as (
    select * from {{ source('raw', 'sonnmt_nncnc__thiet_bi') }}
)

select
    ma_tb as device_code,
    loai as kind,
    ma_khu as zone_code,
    ngay_lap as installed_date,
    ngay_go as removed_date,
    {{ lineage() }}
from raw
