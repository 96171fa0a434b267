select
    ma_ho as reservoir_code,
    thoi_gian as observed_at,
    trim(ten_ho) as reservoir_name,
    luu_vuc as basin,
    cast(muc_nuoc_m as double) as level_m,
    cast(dung_tich_trieu_m3 as double) as volume_reported,
    cast(dung_tich_tk_trieu_m3 as double) as capacity_reported,
    cast(q_den_m3s as double) as inflow_m3s,
    cast(q_xa_m3s as double) as release_m3s,
    cast(mndbt_m as double) as normal_level_m,
    cast(mn_gia_cuong_m as double) as check_level_m,
    xu_the as trend,
    kinh_do as lon,
    vi_do as lat,
    _extract_id as extract_id,
    _loaded_at as loaded_at
from {{ source('raw', 'sonnmt_ho_chua__van_hanh') }}
