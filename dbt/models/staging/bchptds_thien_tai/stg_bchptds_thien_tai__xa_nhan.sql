select
    so_cd as order_number,
    ma_xa as area_code,
    ten_xa as area_name,
    gio_nhan as received_at,
    _extract_id as extract_id,
    _loaded_at as loaded_at
from {{ source('raw', 'bchptds_thien_tai__xa_nhan') }}
