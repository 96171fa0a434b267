with raw as (
    select * from {{ source('raw', 'ioc_ai__ai_phan_tich') }}
)

select
    id as note_code,
    luc as noted_at,
    linh_vuc as field,
    mo_hinh as model_name,
    dau_vao_ky as input_period,
    do_tin_cay as confidence,
    quyet_dinh_dung as directive_code,
    {{ lineage() }}
from raw
