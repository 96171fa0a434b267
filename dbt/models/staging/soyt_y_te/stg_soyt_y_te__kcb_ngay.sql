with raw as (
    select * from {{ source('raw', 'soyt_y_te__kcb_ngay') }}
)

select
    ma_bv as hospital_code,
    ngay as date_day,
    luot_ngoai_tru as outpatient_visits,
    ngay_dt_noi_tru as inpatient_days,
    giuong as beds,
    {{ lineage() }}
from raw
