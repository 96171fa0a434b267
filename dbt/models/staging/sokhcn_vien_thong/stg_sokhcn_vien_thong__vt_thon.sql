with raw as (
    select * from {{ source('raw', 'sokhcn_vien_thong__vt_thon') }}
)

select
    ma_thon as hamlet_code,
    ma_xa_nay as area_code,
    ma_xa_nay_cu as old_area_code,
    quy as quarter_key,
    ngay_chot as reported_date,
    co_4g as has_4g,
    co_5g as has_5g,
    co_cap_quang as has_fibre,
    co_dien as has_power,
    {{ lineage() }}
from raw
