with raw as (
    select * from {{ source('raw', 'sonv_cbccvc__hoc_vien') }}
)

select
    khoa as course_code,
    so_dinh_danh as person_hash,
    loai as kind,
    ngay as held_date,
    ket_qua as result,
    {{ lineage() }}
from raw
