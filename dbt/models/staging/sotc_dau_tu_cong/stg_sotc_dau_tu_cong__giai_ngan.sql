with raw as (
    select * from {{ source('raw', 'sotc_dau_tu_cong__giai_ngan') }}
)

select
    ma_da as project_code,
    ngay as reported_date,
    ke_hoach_trieu as planned_million_vnd,
    luy_ke_trieu as paid_million_vnd,
    {{ lineage() }}
from raw
