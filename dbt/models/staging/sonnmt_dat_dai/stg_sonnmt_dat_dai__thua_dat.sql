select
    ma_thua as parcel_code,
    ma_xa as area_code,
    so_to as sheet_number,
    so_thua as parcel_number,
    dien_tich_m2 as area_m2,
    loai_dat as land_use,
    trang_thai as status,
    ngay_lam_sach as cleaned_date,
    _extract_id as extract_id,
    _loaded_at as loaded_at
from {{ source('raw', 'sonnmt_dat_dai__thua_dat') }}
