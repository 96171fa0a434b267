with raw as (
    select * from {{ source('raw', 'sonv_bao_tro__chi_tra') }}
)

select
    so_dinh_danh as person_hash,
    ky_chi_tra as month_key,
    so_tien as amount_vnd,
    ma_hinh_thuc as method_code,
    ma_ngan_hang as bank_code,
    {{ lineage() }}
from raw
