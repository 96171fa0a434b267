with raw as (
    select * from {{ source('raw', 'sokhcn_bai_toan__bai_toan') }}
)

select
    ma as problem_code,
    ten as problem_name,
    linh_vuc as field,
    can_cu as proposed_on,
    ket_qua_can_dat as wanted_result,
    don_vi_dat_hang as ordering_agency,
    ngay_cong_bo as published_date,
    han as due_date,
    kinh_phi_trieu_dong as cost_million_vnd,
    {{ lineage() }}
from raw
