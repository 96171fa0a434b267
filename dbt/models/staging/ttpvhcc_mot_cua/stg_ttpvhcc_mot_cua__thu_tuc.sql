with raw as (
    select * from {{ source('raw', 'ttpvhcc_mot_cua__thu_tuc') }}
)

select
    ma_tthc as procedure_code,
    ten as procedure_name,
    linh_vuc as field,
    muc_do as service_level,
    so_ngay as days_allowed,
    cap_nhat_luc as updated_at,
    {{ lineage() }}
from raw
