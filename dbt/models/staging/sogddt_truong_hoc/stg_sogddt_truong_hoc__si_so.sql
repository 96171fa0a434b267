with raw as (
    select * from {{ source('raw', 'sogddt_truong_hoc__si_so') }}
)

select
    ma_truong as school_code,
    nam_hoc as school_year,
    khoi as grade,
    so_lop as classes,
    so_hoc_sinh as pupils,
    hoc_ba_so as digital_records,
    cap_nhat as updated_at,
    {{ lineage() }}
from raw
