with sensor as (
    select *, {{ hour_key('hour_at') }} as period_key, least(loaded_at, hour_at + interval 1 hour) as as_of from {{ ref('fct_sensor_hour') }}
)

{{ by_commune_and_province('sensor', 'hour', 'count(*) filter (where is_online)', 'count(*)', extracts='list_distinct(flatten(list(extract_ids)))') }}
