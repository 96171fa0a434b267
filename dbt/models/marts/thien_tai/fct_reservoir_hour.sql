-- The newest report of each reservoir in each hour. The feed mixes m³ with million m³: a volume over one and a half times the
-- capacity that lies within 0.5 to 150 % of it once divided by a million was in m³ (repaired, flagged); one that fits neither
-- way is taken out (flagged).
with newest as (
    select
        *,
        date_trunc('hour', observed_at) as hour_at
    from {{ ref('int_reservoir__all') }}
    qualify row_number() over (partition by reservoir_code, hour_at order by observed_at desc, loaded_at desc) = 1
),

joined as (
    select
        n.*,
        r.dead_level_m,
        r.capacity_million_m3,
        coalesce(n.check_level_m, r.check_level_m) as check_m,
        coalesce(n.normal_level_m, r.normal_level_m) as normal_m,
        r.flood_season_limit_m,
        cast(strftime(n.observed_at at time zone 'Asia/Ho_Chi_Minh', '%m%d') as integer)
        between r.flood_season_from and r.flood_season_to as is_flood_season
    from newest as n
    inner join {{ ref('dim_reservoir') }} as r using (reservoir_code)
),

repaired as (
    select
        *,
        coalesce(1.5 * capacity_million_m3, 20000) as largest_volume,
        case
            when volume_reported between 0 and largest_volume then volume_reported
            when volume_reported / 1e6 between coalesce(0.005 * capacity_million_m3, 0) and largest_volume then volume_reported / 1e6
        end as volume_million_m3,
        if(is_flood_season, coalesce(flood_season_limit_m, normal_m), normal_m) as limit_m
    from joined
)

select
    reservoir_code,
    hour_at,
    observed_at,
    level_m,
    volume_million_m3,
    capacity_million_m3,
    100 * volume_million_m3 / nullif(capacity_million_m3, 0) as storage_pct,
    inflow_m3s,
    release_m3s,
    row_number() over (partition by hour_at order by release_m3s desc nulls last, reservoir_code asc) = 1 and release_m3s is not null as is_largest_release,
    trend,
    is_flood_season,
    normal_m as normal_level_m,
    limit_m,
    limit_m - level_m as margin_m,
    coalesce(level_m > limit_m, false) as is_above_limit,
    coalesce(volume_million_m3 is distinct from volume_reported and volume_million_m3 is not null, false) as is_volume_repaired,
    volume_reported is not null and volume_million_m3 is null as is_volume_impossible,
    coalesce(level_m < dead_level_m or level_m > check_m, false) as is_level_out_of_range,
    coalesce(100 * volume_million_m3 / nullif(capacity_million_m3, 0) > 110, false) as is_storage_implausible,
    loaded_at as last_loaded_at,
    [extract_id] as extract_ids
from repaired
