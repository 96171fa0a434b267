with raw as (
    select * from {{ source('raw', 'lasuco_mia__mia_cb') }}
)

select
    ma_cb as alert_code,
    ma_lo as plot_code,
    luc as opened_at,
    loai as kind,
    ma_dich_hai as pest_code,
    muc as level,
    do_tin_cay as confidence,
    xu_ly_luc as handled_at,
    {{ lineage() }}
from raw
