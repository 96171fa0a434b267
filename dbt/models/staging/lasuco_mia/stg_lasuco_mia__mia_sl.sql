with raw as (
    select * from {{ source('raw', 'lasuco_mia__mia_sl') }}
)

select
    ma_lo as plot_code,
    vu as season,
    tan as tonnes,
    {{ lineage() }}
from raw
