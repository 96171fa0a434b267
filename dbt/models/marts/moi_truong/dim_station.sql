-- Stations of the environment network and of the rivers; alarm levels from the seed, with what is not verified marked.
with area as (
    select area_code from {{ ref('dim_area') }}
    where is_current
),

crosswalk as (
    select
        old_code,
        max_by(new_code, (is_default, weight, new_code)) as new_code
    from {{ ref('bridge_area_old_new') }}
    group by old_code
),

environment as (
    select
        tram.station_code,
        tram.station_name,
        tram.station_kind,
        tram.facility,
        cast(null as varchar) as river,
        coalesce(area.area_code, crosswalk.new_code) as area_code,
        tram.lat,
        tram.lon,
        tram.operating_since_date
    from {{ ref('stg_sonnmt_danh_muc_tram__tram') }} as tram
    left join area using (area_code)
    left join crosswalk on tram.area_code = crosswalk.old_code
),

feed as (
    select
        station_name,
        max_by(station_code, observed_at) as station_code,
        max_by(lat, observed_at) as lat,
        max_by(lon, observed_at) as lon
    from {{ ref('int_river_level__all') }}
    group by station_name
),

river as (
    select
        coalesce(feed.station_code, seed.station_key) as station_code,
        seed.*,
        feed.lat,
        feed.lon
    from {{ ref('seed_river_station') }} as seed
    left join feed using (station_name)
)

select
    station_code,
    station_name,
    station_kind,
    facility,
    river,
    area_code,
    lat,
    lon,
    operating_since_date,
    cast(null as double) as bd1_m,
    cast(null as double) as bd2_m,
    cast(null as double) as bd3_m,
    false as is_bd1_unverified,
    false as is_bd2_unverified,
    false as is_bd3_unverified,
    cast(null as varchar) as alarm_source,
    cast(null as varchar) as alarm_legal_ref
from environment
union all
select
    station_code,
    station_name,
    'thuy_van' as station_kind,
    null as facility,
    river,
    null as area_code,
    lat,
    lon,
    null as operating_since_date,
    bd1_m,
    bd2_m,
    bd3_m,
    is_bd1_unverified,
    is_bd2_unverified,
    is_bd3_unverified,
    source,
    legal_ref
from river
