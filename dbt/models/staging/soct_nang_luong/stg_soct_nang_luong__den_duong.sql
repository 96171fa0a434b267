with raw as (
    select * from {{ source('raw', 'soct_nang_luong__den_duong') }}
)

select
    quy as quarter_key,
    ma_xa as area_code,
    tong as lights,
    led as led_lights,
    thong_minh as smart_lights,
    {{ lineage() }}
from raw
