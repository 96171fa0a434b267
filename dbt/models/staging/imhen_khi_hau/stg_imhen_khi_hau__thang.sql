with raw as (
    select * from {{ source('raw', 'imhen_khi_hau__thang') }}
)

select
    nam as obs_year,
    thang as month_name,
    tram as station_name,
    nhiet_tb_c as temp_mean_c,
    nhiet_max_tb_c as temp_max_c,
    nhiet_min_tb_c as temp_min_c,
    mua_mm as rain_mm,
    am_tuyet_doi as abs_humidity,
    am_tuong_doi_pct as humidity_pct,
    gio_nang as sunshine_hours,
    {{ lineage() }}
from raw
