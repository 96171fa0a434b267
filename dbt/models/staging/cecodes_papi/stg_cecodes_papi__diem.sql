with raw as (
    select * from {{ source('raw', 'cecodes_papi__diem') }}
)

select
    nam as score_year,
    ma_tinh as province_code,
    ma_noi_dung as criterion_code,
    diem as score,
    {{ lineage() }}
from raw
