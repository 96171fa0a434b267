with raw as (
    select * from {{ source('raw', 'sokhcn_ai__tap_huan') }}
)

select
    ma_lop as session_code,
    ten as session_name,
    loai as kind,
    ngay as held_date,
    don_vi as agency_name,
    so_nguoi as attendances,
    {{ lineage() }}
from raw
