-- People and households of each commune at the end of each month.
select month_key, area_code, people, households, extract_id, loaded_at
from {{ ref('stg_catinh_dan_so__dan_so') }}
