with raw as (
    select * from {{ source('raw', 'soyt_y_te__hssk') }}
)

select
    thang as month_key,
    ma_xa as area_code,
    so_ho_so as records,
    {{ lineage() }}
from raw
