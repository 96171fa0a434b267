-- Area that first certificates were issued for, up to the end of each quarter, and the area that should have one.
select area_code, quarter_key, eligible_ha, issued_ha, issued_ha > eligible_ha as is_implausible, extract_id, loaded_at
from {{ ref('stg_sonnmt_dat_dai__gcn') }}
