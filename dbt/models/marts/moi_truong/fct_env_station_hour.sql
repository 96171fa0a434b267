-- Silence of every station at the end of every hour (in the running hour: at the network's newest reading). More than 15
-- minutes is offline, as Envisoft has it. A station that stopped keeps its rows: silence is not absence.
with heard as (
    select * from {{ ref('fct_env_heard_hour') }}
),

network as (
    select
        min(hour_at) as first_hour,
        max(hour_at) as last_hour,
        max(last_reading_at) as last_at
    from heard
),

station as (
    select
        station_code,
        min(hour_at) as first_hour
    from heard
    group by station_code
    union all by name
    -- a station of the catalogue that never sent anything is offline from its first day of operation on
    select
        s.station_code,
        greatest(timezone('Asia/Ho_Chi_Minh', cast(s.operating_since_date as timestamp)), n.first_hour) as first_hour
    from {{ ref('dim_station') }} as s
    cross join network as n
    where s.station_kind <> 'thuy_van' and s.station_code not in (select station_code from heard)
),

spine as (
    select
        s.station_code,
        unnest(generate_series(s.first_hour, n.last_hour, interval '1 hour')) as hour_at,
        n.last_at
    from station as s
    cross join network as n
),

followed as (
    select
        p.station_code,
        p.hour_at,
        least(p.hour_at + interval '1 hour', p.last_at) as judged_at,
        last_value(h.last_reading_at ignore nulls) over since as last_reading_at,
        last_value(h.extract_ids ignore nulls) over since as extract_ids
    from spine as p
    left join heard as h using (station_code, hour_at)
    window since as (partition by p.station_code order by p.hour_at)
)

select
    station_code,
    hour_at,
    judged_at,
    last_reading_at,
    (epoch(judged_at) - epoch(last_reading_at)) / 60 as silent_minutes,
    coalesce(silent_minutes > 15, true) as is_offline,
    coalesce(extract_ids, []) as extract_ids
from followed
