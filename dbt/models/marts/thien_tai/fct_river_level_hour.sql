-- The highest level of each river station in each hour, and the alarm level that these metres mean: words of bulletins and of
-- the feed are not read. Thresholds come from the seed; where a station is not in it, from the feed.
with hourly as (
    select
        station_code,
        date_trunc('hour', observed_at) as hour_at,
        max(level_m) as level_m,
        max_by(bd1_m, observed_at) as feed_bd1_m,
        max_by(bd2_m, observed_at) as feed_bd2_m,
        max_by(bd3_m, observed_at) as feed_bd3_m,
        max(observed_at) as observed_at,
        max(loaded_at) as last_loaded_at,
        list_sort(list(distinct extract_id)) as extract_ids
    from {{ ref('int_river_level__all') }}
    where level_m is not null
    group by station_code, date_trunc('hour', observed_at)
),

judged as (
    select
        h.station_code,
        coalesce(s.station_name, h.station_code) as station_name,
        s.river,
        h.hour_at,
        h.level_m,
        coalesce(s.bd1_m, h.feed_bd1_m) as bd1_m,
        coalesce(s.bd2_m, h.feed_bd2_m) as bd2_m,
        coalesce(s.bd3_m, h.feed_bd3_m) as bd3_m,
        cast({{ alarm_level("h.level_m", "coalesce(s.bd1_m, h.feed_bd1_m)", "coalesce(s.bd2_m, h.feed_bd2_m)", "coalesce(s.bd3_m, h.feed_bd3_m)") }} as integer) as alarm_level,
        coalesce(s.is_bd1_unverified or s.is_bd2_unverified or s.is_bd3_unverified, true) as is_threshold_unverified,
        coalesce(
            h.feed_bd1_m <> s.bd1_m or h.feed_bd2_m <> s.bd2_m or h.feed_bd3_m <> s.bd3_m, false
        ) as is_threshold_disputed,
        h.observed_at,
        h.last_loaded_at,
        h.extract_ids
    from hourly as h
    left join {{ ref('dim_station') }} as s using (station_code)
)

select
    *,
    -- the worst station of the hour stands for the province: highest alarm, then nearest to the flood of its own scale
    row_number() over (
        partition by hour_at order by alarm_level desc nulls last, level_m - coalesce(bd3_m, bd1_m) desc nulls last, station_code
    ) = 1 and alarm_level is not null as is_worst
from judged
