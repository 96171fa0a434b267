with raw as (
    select * from {{ source('raw', 'vpubnd_cong_bo__cong_bo') }}
)

select
    ma_chi_tieu as indicator_code,
    ten as figure_name,
    nam as figure_year,
    pham_vi as scope,
    gia_tri as score,
    hang as rank_no,
    don_vi as unit,
    nguon as source_ref,
    xac_minh as verified_mark,
    {{ lineage() }}
from raw
