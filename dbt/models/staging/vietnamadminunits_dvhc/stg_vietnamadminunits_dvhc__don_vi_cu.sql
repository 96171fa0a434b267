with raw as (
    select * from {{ source('raw', 'vietnamadminunits_dvhc__don_vi_cu') }}
)

select
    ma_dvhc as area_code,
    ten as area_name,
    ten_ngan as short_name,
    loai as area_type,
    ma_huyen as district_code,
    ten_huyen as district_name,
    vi_do as lat,
    kinh_do as lon,
    {{ lineage() }}
from raw
