{{ config(tags=['always']) }}
-- Expected and captured slots of the last whole day, a row a table with slots: readings of stations, hours of feeds.
select
    'sonnmt_quan_trac' as source_id, 'so_do' as table_name,
    count(distinct (station_code, reading_at)) as captured,
    288.0 * (select count(*) from {{ ref('stg_sonnmt_danh_muc_tram__tram') }}) as expected
from {{ ref('stg_sonnmt_quan_trac__so_do') }}
where reading_at >= date_trunc('day', current_timestamp) - interval 1 day and reading_at < date_trunc('day', current_timestamp)
having expected > 0
union all
select
    'kttv_thien_tai', 'muc_nuoc',
    count(distinct (station_code, observed_at)),
    24.0 * (select count(*) from {{ ref('seed_river_station') }})
from {{ ref('stg_kttv_thien_tai__muc_nuoc') }}
where observed_at >= date_trunc('day', current_timestamp) - interval 1 day and observed_at < date_trunc('day', current_timestamp)
having count(*) > 0
