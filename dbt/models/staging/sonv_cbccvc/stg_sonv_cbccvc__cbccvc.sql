with raw as (
    select * from {{ source('raw', 'sonv_cbccvc__cbccvc') }}
)

select
    so_dinh_danh as person_hash,
    don_vi as agency_code,
    chuyen_mon as subject,
    trinh_do as degree,
    la_cntt as is_it,
    ngay_vao as joined_date,
    ngay_nghi as left_date,
    {{ lineage() }}
from raw
