with raw as (
    select * from {{ source('raw', 'ttpvhcc_mot_cua__ho_so') }}
)

select
    ma_ho_so as dossier_code,
    ma_tthc as procedure_code,
    ma_don_vi as agency_code,
    ma_xa as source_area_code,
    ngay_nop as submitted_at,
    ngay_hen_tra as due_at,
    ngay_tra as resolved_at,
    hinh_thuc_nop as channel,
    co_phi as has_fee,
    thanh_toan_truc_tuyen as is_paid_online,
    so_hoa_tphs as is_components_digitised,
    so_hoa_kq as is_result_digitised,
    tai_su_dung as is_reused,
    muc_hai_long as satisfaction,
    le_phi_vnd as fee_vnd,
    cap_nhat_luc as updated_at,
    {{ lineage() }}
from raw
