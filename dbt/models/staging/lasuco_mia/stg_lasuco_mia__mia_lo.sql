with raw as (
    select * from {{ source('raw', 'lasuco_mia__mia_lo') }}
)

select
    ma_lo as plot_code,
    vu as season,
    ma_xa as area_code,
    ha as area_ha,
    giong as variety,
    {{ lineage() }}
from raw
