-- Rain of each gauge and hour, and of the 24 hours that end with it. Classes of QĐ 18/2021 (Điều 46): 100–200, over 200–400,
-- over 400 mm. Hours that are missing add nothing, so a sum of fewer than 24 hours is a lower bound.
with reported as (
    select station_code, observed_at, station_name, area_code, rain_mm, extract_id, loaded_at
    from {{ ref('stg_kttv_mua_gio__mua') }}
    union all by name
    select station_code, observed_at, station_name, rain_mm, extract_id, loaded_at
    from {{ ref('stg_kttv_ho_so_lu__mua') }}
),

gauge as (
    select
        station_code,
        max_by(station_name, observed_at) as station_name,
        max_by(area_code, observed_at) as area_code
    from reported
    group by station_code
),

hourly as (
    select
        station_code,
        date_trunc('hour', observed_at) as hour_at,
        max(rain_mm) as rain_mm,
        max(loaded_at) as last_loaded_at,
        list_sort(list(distinct extract_id)) as extract_ids
    from reported
    group by station_code, date_trunc('hour', observed_at)
),

rolling as (
    select
        *,
        round(sum(rain_mm) over a_day, 1) as rain_24h_mm,
        cast(count(*) over a_day as integer) as n_hours_24h
    from hourly
    window a_day as (
        partition by station_code order by hour_at range between interval '23 hours' preceding and current row
    )
)

select
    r.station_code,
    g.station_name,
    g.area_code,
    r.hour_at,
    r.rain_mm,
    r.rain_24h_mm,
    r.n_hours_24h,
    case when r.rain_24h_mm > 400 then 3 when r.rain_24h_mm > 200 then 2 when r.rain_24h_mm >= 100 then 1 else 0 end as rain_class,
    row_number() over (partition by r.hour_at order by r.rain_24h_mm desc, r.station_code asc) = 1 as is_wettest,
    r.last_loaded_at,
    r.extract_ids
from rolling as r
inner join gauge as g using (station_code)
