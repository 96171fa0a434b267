{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        unique_key='reading_date',
        meta={'follows': ['sonnmt_quan_trac__so_do']},
    )
}}
-- VN_AQI of each day (QĐ 1459/QĐ-TCMT): dust by its 24 h mean, O3 by the larger of its 1 h and 8 h running maximum (8 h above
-- 400 µg/m³ has no index), other gases by their 1 h maximum. A mean wants 75 % of its hours (18 of 24, 6 of 8; our choice).
-- A day reaches into the next one: an O3 mean of eight hours may begin the day before.
{% set days = touched_days(ref('fct_env_reading_hour'), 'hour_at') -%}
with hourly as (
    select
        h.*,
        {{ local_day('h.hour_at') }} as reading_date
    from {{ ref('fct_env_reading_hour') }} as h
    inner join {{ ref('stg_sonnmt_danh_muc_tram__tram') }} as s using (station_code)
    where s.station_kind = 'khong_khi' and h.parameter in ('PM2.5', 'PM10', 'SO2', 'NO2', 'CO', 'O3') and h.n_valid >= 9
    {% if is_incremental() %} and {{ within_days('h.hour_at', days, hours_before=7, days_after=1) }} {% endif %}
),

ozone_8h as (
    select
        station_code,
        parameter,
        reading_date,
        avg(value_mean) over eight as c,
        count(*) over eight as n
    from hourly
    where parameter = 'O3'
    window eight as (
        partition by station_code order by hour_at range between interval '7 hours' preceding and current row
    )
),

concentration as (
    select
        station_code,
        parameter,
        '24h' as averaging,
        reading_date,
        sum(try_cast(value_mean * n_valid as decimal(18, 6)))::double / sum(n_valid) as c
    from hourly
    where parameter in ('PM2.5', 'PM10')
    group by all
    having count(*) >= 18
    union all by name
    select
        station_code,
        parameter,
        '1h' as averaging,
        reading_date,
        max(value_mean) as c
    from hourly
    where parameter not in ('PM2.5', 'PM10')
    group by all
    union all by name
    select
        station_code,
        parameter,
        '8h' as averaging,
        reading_date,
        max(c) as c
    from ozone_8h
    where n >= 6
    group by all
    having max(c) <= 400
),

sub_index as (
    select
        c.station_code,
        c.parameter,
        c.averaging,
        c.reading_date,
        any_value(c.c) as c,
        {{ half_up('max(' ~ interpolate('c.c', 's') ~ ')') }} as i
    from concentration as c
    inner join {{ ref('int_vn_aqi__segments') }} as s
        on c.parameter = s.parameter and c.averaging = s.averaging and c.c between s.lower and s.upper
    group by all
),

provenance as (
    select
        station_code,
        reading_date,
        count(distinct hour_at) as n_hours,
        max(last_reading_at) as last_reading_at,
        max(last_loaded_at) as last_loaded_at,
        {{ merge_extracts('extract_ids') }} as extract_ids
    from hourly
    group by all
),

station_day as (
    select
        station_code,
        reading_date,
        {%- for p, name in [('PM2.5', 'pm25'), ('PM10', 'pm10'), ('SO2', 'so2'), ('NO2', 'no2'), ('CO', 'co')] %}
            max(c) filter (where parameter = '{{ p }}') as {{ name }}_ugm3,
            cast(max(i) filter (where parameter = '{{ p }}') as integer) as aqi_{{ name }},
        {%- endfor %}
        max(c) filter (where parameter = 'O3' and averaging = '1h') as o3_1h_ugm3,
        max(c) filter (where parameter = 'O3' and averaging = '8h') as o3_8h_ugm3,
        cast(max(i) filter (where parameter = 'O3') as integer) as aqi_o3,
        cast(max(i) as integer) as largest,
        arg_max(parameter, i) as largest_parameter
    from sub_index
    group by station_code, reading_date
)

select
    d.* exclude (largest, largest_parameter),
    case when coalesce(d.aqi_pm25, d.aqi_pm10) is not null then d.largest end as aqi,
    case when coalesce(d.aqi_pm25, d.aqi_pm10) is not null then d.largest_parameter end as main_parameter,
    b.level as aqi_level,
    b.band_vi,
    b.band_en,
    -- the worst station of the day stands for the province
    row_number() over (partition by d.reading_date order by aqi desc nulls last, d.station_code asc) = 1 and aqi is not null as is_worst,
    row_number() over (partition by d.reading_date order by d.pm25_ugm3 desc nulls last, d.station_code asc) = 1
    and d.pm25_ugm3 is not null as is_worst_pm25,
    p.n_hours,
    p.last_reading_at,
    p.last_loaded_at,
    p.extract_ids
from station_day as d
inner join provenance as p using (station_code, reading_date)
left join {{ ref('seed_vn_aqi_band') }} as b
    on coalesce(d.aqi_pm25, d.aqi_pm10) is not null and d.largest between b.index_min and b.index_max
{% if is_incremental() %} where {{ in_days('d.reading_date', days, days_after=1) }} {% endif %}
