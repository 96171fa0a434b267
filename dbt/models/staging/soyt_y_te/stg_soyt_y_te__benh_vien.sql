with raw as (
    select * from {{ source('raw', 'soyt_y_te__benh_vien') }}
)

select
    ma_bv as hospital_code,
    ten as hospital_name,
    hang as hospital_class,
    ma_xa as area_code,
    ngay_emr as emr_date,
    {{ lineage() }}
from raw
