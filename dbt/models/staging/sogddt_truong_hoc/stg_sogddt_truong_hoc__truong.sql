with raw as (
    select * from {{ source('raw', 'sogddt_truong_hoc__truong') }}
)

select
    ma_truong as school_code,
    ten as school_name,
    cap_hoc as school_level,
    ma_xa as source_area_code,
    dat_chuan_qg as is_national_standard,
    cap_nhat as updated_at,
    {{ lineage() }}
from raw
