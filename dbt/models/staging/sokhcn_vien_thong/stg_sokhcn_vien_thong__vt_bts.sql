with raw as (
    select * from {{ source('raw', 'sokhcn_vien_thong__vt_bts') }}
)

select
    ma as station_code,
    nha_mang as carrier,
    cong_nghe as technology,
    ma_xa as area_code,
    vi_do as lat,
    kinh_do as lon,
    ngay_ps as on_air_date,
    {{ lineage() }}
from raw
