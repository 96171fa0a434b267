with raw as (
    select * from {{ source('raw', 'sonv_bao_tro__doi_tuong') }}
)

select
    so_dinh_danh as person_hash,
    ma_xa as area_code,
    nhom as recipient_group,
    ngay_huong as entitled_date,
    ngay_thoi_huong as ended_date,
    {{ lineage() }}
from raw
