with raw as (
    select * from {{ source('raw', 'ttpvhcc_phan_anh__phan_anh') }}
)

select
    ma_pa as petition_code,
    ma_xa as source_area_code,
    linh_vuc as field,
    thuoc_tham_quyen as is_in_competence,
    ngay_tiep_nhan as received_at,
    han_xu_ly as due_at,
    ngay_xu_ly as handled_at,
    hai_long as satisfaction,
    cap_nhat_luc as updated_at,
    {{ lineage() }}
from raw
