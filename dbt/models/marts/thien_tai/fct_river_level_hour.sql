-- The highest level of each river station in each hour, and the alarm level that these metres mean. Thresholds come from the
-- seed (suy ra từ bản tin); where a station is not in it, from the feed.
select
    l.station_code,
    date_trunc('hour', l.observed_at) as hour_at,
    max(l.level_m) as level_m,
    any_value(s.river) as river,
    any_value(coalesce(s.bd1_m, l.bd1_m)) as bd1_m,
    any_value(coalesce(s.bd2_m, l.bd2_m)) as bd2_m,
    any_value(coalesce(s.bd3_m, l.bd3_m)) as bd3_m,
    cast({{ alarm_level('max(l.level_m)', 'any_value(coalesce(s.bd1_m, l.bd1_m))', 'any_value(coalesce(s.bd2_m, l.bd2_m))', 'any_value(coalesce(s.bd3_m, l.bd3_m))') }} as integer) as alarm_level,
    bool_or(coalesce(s.is_bd1_unverified or s.is_bd2_unverified or s.is_bd3_unverified, true)) as is_threshold_unverified,
    bool_or(l.bd2_m is not null and s.bd2_m is not null and l.bd2_m <> s.bd2_m) as is_threshold_disputed,
    max(l.observed_at) as observed_at,
    max(l.loaded_at) as last_loaded_at,
    list_sort(list(distinct l.extract_id)) as extract_ids
from {{ ref('stg_kttv_thien_tai__muc_nuoc') }} as l
left join {{ ref('dim_station') }} as s using (station_code)
where l.level_m is not null
group by l.station_code, date_trunc('hour', l.observed_at)
