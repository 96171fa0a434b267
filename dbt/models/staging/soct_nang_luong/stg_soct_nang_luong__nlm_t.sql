with raw as (
    select * from {{ source('raw', 'soct_nang_luong__nlm_t') }}
)

select
    ma as plant_code,
    ten as plant_name,
    loai as kind,
    ma_xa as area_code,
    mwp as capacity_mwp,
    ngay_vh as operating_since_date,
    {{ lineage() }}
from raw
