with raw as (
    select * from {{ source('raw', 'vinamilk_bo_sua__sua_ngay') }}
)

select
    ma_trai as farm_code,
    ma_xa as area_code,
    try_cast(ngay as date) as date_day,
    so_bo as cows,
    so_vat_sua as milking_cows,
    lit as litres,
    thuc_an_kg as feed_kg,
    {{ lineage() }}
from raw
