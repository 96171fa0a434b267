with raw as (
    select * from {{ source('raw', 'sonnmt_nncnc__iot_do') }}
)

select
    ma_tb as device_code,
    thong_so as parameter,
    thoi_gian as reading_at,
    gia_tri as value,
    {{ lineage() }}
from raw
