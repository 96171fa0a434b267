select y.plot_code, y.season, right(y.season, 4) as year_key, p.area_code, p.area_ha, y.tonnes, y.extract_id, y.loaded_at
from {{ ref('stg_lasuco_mia__mia_sl') }} as y
inner join {{ ref('dim_cane_plot') }} as p using (plot_code, season)
