with raw as (
    select * from {{ source('raw', 'sokhcn_vien_thong__vt_ho') }}
)

select
    ma_xa as area_code,
    quy as quarter_key,
    tong_ho as households,
    ho_quang as fibre_households,
    {{ lineage() }}
from raw
