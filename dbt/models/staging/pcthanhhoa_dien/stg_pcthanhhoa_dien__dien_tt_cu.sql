with raw as (
    select * from {{ source('raw', 'pcthanhhoa_dien__dien_tt_cu') }}
)

select
    thang as month_key,
    ma_xa as source_area_code,
    nhom_kh as customer_group,
    kwh,
    {{ lineage() }}
from raw
