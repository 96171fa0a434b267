with raw as (
    select * from {{ source('raw', 'ttpvhcc_mot_cua__don_vi') }}
)

select
    ma_don_vi as agency_code,
    ten as agency_name,
    cap as agency_level,
    ma_xa as area_code,
    cap_nhat_luc as updated_at,
    {{ lineage() }}
from raw
