-- A device is expected in every hour between its first and last day; an hour without a word is offline, not absent. Bounds are
-- physical (%, pH, °C, mS/cm, lux, ppm) and ours.
with judged as (
    select
        *, date_trunc('hour', reading_at) as hour_at,
        not value between if(parameter = 'nhiet_do', -10, 0)
        and case parameter when 'nhiet_do' then 60 when 'ph' then 14 when 'ec' then 20 when 'anh_sang' then 200000 when 'co2' then 5000 else 100 end as is_impossible
    from {{ ref('stg_sonnmt_nncnc__iot_do') }}
),

reading as (
    select
        device_code, hour_at, count(*) as n_readings, count(*) filter (where is_impossible) as n_impossible,
        avg(value order by reading_at) filter (where not is_impossible) as value_mean, list_sort(list(distinct extract_id)) as extract_ids,
        max(loaded_at) as loaded_at
    from judged
    group by device_code, hour_at
),

hours as (
    select unnest(generate_series(min(hour_at), max(hour_at), interval 1 hour)) as hour_at, max(loaded_at) as loaded_at from reading
)

select
    d.device_code, h.hour_at, d.zone_code, d.area_code, coalesce(r.n_readings, 0) as n_readings, coalesce(r.n_impossible, 0) as n_impossible, r.value_mean, r.n_readings is not null as is_online,
    coalesce(r.extract_ids, [d.extract_id]) as extract_ids, coalesce(r.loaded_at, h.loaded_at) as loaded_at
from hours as h
inner join {{ ref('dim_sensor') }} as d
    on cast(h.hour_at at time zone 'Asia/Ho_Chi_Minh' as date) between d.installed_date and coalesce(d.removed_date, date '9999-12-31')
left join reading as r on d.device_code = r.device_code and h.hour_at = r.hour_at
