-- Forest of a commune, year and kind.
select area_code, cast(year as varchar) as year_key, kind, area_ha, extract_id, loaded_at
from {{ ref('stg_sonnmt_dat_dai__rung') }}
