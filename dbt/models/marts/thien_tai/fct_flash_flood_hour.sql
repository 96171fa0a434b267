-- The worst forecast of each commune and hour: the feed has several rows a commune.
select
    area_code,
    date_trunc('hour', forecast_at) as hour_at,
    cast(max(flash_flood_level) as integer) as flash_flood_level,
    cast(max(landslide_level) as integer) as landslide_level,
    cast(greatest(max(flash_flood_level), max(landslide_level)) as integer) as risk_level,
    max(rain_observed_mm) as rain_observed_mm,
    max(rain_forecast_mm) as rain_forecast_mm,
    cast(count(*) as integer) as n_rows,
    cast(count(*) filter (where flash_flood_level is null or landslide_level is null) as integer) as n_unknown_text,
    bool_or(is_resolved_from_old) as is_resolved_from_old,
    max(forecast_at) as forecast_at,
    max(loaded_at) as last_loaded_at,
    list_sort(list(distinct extract_id)) as extract_ids
from {{ ref('int_flash_flood__resolved') }}
where area_code is not null
group by area_code, date_trunc('hour', forecast_at)
