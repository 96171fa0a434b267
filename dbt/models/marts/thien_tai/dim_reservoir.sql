-- Reservoirs of the feed and of the inter-reservoir rule. Levels of the feed hold; the seed fills what the feed lacks.
with feed as (
    select
        reservoir_code,
        max_by(reservoir_name, observed_at) as reservoir_name,
        max_by(basin, observed_at) as basin,
        max_by(normal_level_m, observed_at) as normal_level_m,
        max_by(check_level_m, observed_at) as check_level_m,
        max_by(capacity_reported, observed_at) as capacity_reported,
        max_by(lat, observed_at) as lat,
        max_by(lon, observed_at) as lon
    from {{ ref('int_reservoir__all') }}
    group by reservoir_code
),

named as (
    -- offices write “Hồ Cửa Đạt”, “Thủy điện Hủa Na”: the seed has the bare name
    select
        *,
        regexp_replace(reservoir_name, '^(hồ chứa nước|hồ chứa|hồ|thủy điện|đập dâng|đập)\s+', '', 'i') as bare_name
    from feed
),

season_limit as (
    select
        reservoir_name,
        any_value(level_limit_m) as flood_season_limit_m,
        any_value(from_month_day) as flood_season_from,
        any_value(to_month_day) as flood_season_to,
        any_value(source) as limit_source
    from {{ ref('seed_reservoir_season_limit') }}
    where season = 'mua_lu'
    group by reservoir_name
)

select
    coalesce(n.reservoir_code, s.reservoir_key) as reservoir_code,
    coalesce(s.reservoir_name, n.reservoir_name) as reservoir_name,
    coalesce(n.basin, s.river) as basin,
    coalesce(n.normal_level_m, s.normal_level_m) as normal_level_m,
    s.dead_level_m,
    n.check_level_m,
    -- no lake of the province holds 20,000 million m³: a larger number is in m³
    coalesce(
        s.capacity_million_m3, if(n.capacity_reported > 20000, n.capacity_reported / 1e6, n.capacity_reported)
    ) as capacity_million_m3,
    l.flood_season_limit_m,
    coalesce(l.flood_season_from, 701) as flood_season_from,
    coalesce(l.flood_season_to, 1130) as flood_season_to,
    l.limit_source,
    l.flood_season_limit_m is not null as is_season_limit_unverified,
    n.normal_level_m is null and coalesce(s.is_normal_unverified, false) as is_normal_unverified,
    coalesce(s.is_dead_unverified, false) as is_dead_unverified,
    coalesce(s.is_capacity_unverified, false) as is_capacity_unverified,
    s.note,
    s.source,
    n.lat,
    n.lon,
    n.reservoir_code is not null as is_in_feed
from named as n
full join {{ ref('seed_reservoir') }} as s on n.bare_name = s.reservoir_name
left join season_limit as l on coalesce(s.reservoir_name, n.bare_name) = l.reservoir_name
