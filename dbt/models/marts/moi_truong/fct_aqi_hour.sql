{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        unique_key='hour_at',
        meta={'follows': ['sonnmt_quan_trac__so_do']},
    )
}}
-- VN_AQI of each hour (QĐ 1459/QĐ-TCMT): NowCast for dust, the hour's mean for gases, the largest sub-index, null without dust.
-- A mean counts from 9 of 12 readings on (75 %, our choice: the decree's own rule was not readable).
-- A day reaches into the next one: a dust hour speaks for eleven more.
{% set days = touched_days(ref('fct_env_reading_hour'), 'hour_at') -%}
with measured as (
    select h.*
    from {{ ref('fct_env_reading_hour') }} as h
    inner join {{ ref('stg_sonnmt_danh_muc_tram__tram') }} as s using (station_code)
    where s.station_kind = 'khong_khi' and h.parameter in ('PM2.5', 'PM10', 'SO2', 'NO2', 'CO', 'O3') and h.n_valid >= 9
),

hourly as (
    select * from measured
    {% if is_incremental() %} where {{ within_days('hour_at', days, hours_before=11, days_after=1) }} {% endif %}
),

-- each dust hour speaks for itself and the eleven hours after it
window_hour as (
    select
        station_code,
        parameter,
        hour_at + to_hours(k) as hour_at,
        list({ 'k': k, 'c': value_mean } order by k) as hours,
        max(last_reading_at) as last_reading_at,
        max(last_loaded_at) as last_loaded_at,
        {{ merge_extracts('extract_ids') }} as extract_ids
    from hourly, unnest(range(12)) as o (k)
    where parameter in ('PM2.5', 'PM10')
    group by all
),

dust as (
    select
        *,
        {{ nowcast_weight('hours') }} as w
    from window_hour
    where hour_at <= (select max(hour_at) from measured)
),

concentration as (
    select
        station_code,
        parameter,
        '24h' as averaging,
        hour_at,
        {{ nowcast('hours', 'w') }} as c,
        last_reading_at,
        last_loaded_at,
        extract_ids
    from dust
    union all by name
    select
        station_code,
        parameter,
        '1h' as averaging,
        hour_at,
        value_mean as c,
        last_reading_at,
        last_loaded_at,
        extract_ids
    from hourly
    where parameter not in ('PM2.5', 'PM10')
),

sub_index as (
    select
        c.station_code,
        c.parameter,
        c.hour_at,
        any_value(c.c) as c,
        {{ half_up('max(' ~ interpolate('c.c', 's') ~ ')') }} as i,
        any_value(c.last_reading_at) as last_reading_at,
        any_value(c.last_loaded_at) as last_loaded_at,
        any_value(c.extract_ids) as extract_ids
    from concentration as c
    inner join {{ ref('int_vn_aqi__segments') }} as s
        on c.parameter = s.parameter and c.averaging = s.averaging and c.c between s.lower and s.upper
    group by all
),

station_hour as (
    select
        station_code,
        hour_at,
        {%- for p, name in [('PM2.5', 'pm25'), ('PM10', 'pm10'), ('SO2', 'so2'), ('NO2', 'no2'), ('CO', 'co'), ('O3', 'o3')] %}
            max(c) filter (where parameter = '{{ p }}') as {{ name }}_ugm3,
            cast(max(i) filter (where parameter = '{{ p }}') as integer) as aqi_{{ name }},
        {%- endfor %}
        cast(max(i) as integer) as largest,
        arg_max(parameter, i) as largest_parameter,
        max(last_reading_at) as last_reading_at,
        max(last_loaded_at) as last_loaded_at,
        {{ merge_extracts('extract_ids') }} as extract_ids
    from sub_index
    group by station_code, hour_at
)

select
    h.* exclude (largest, largest_parameter, last_reading_at, last_loaded_at, extract_ids),
    case when coalesce(h.aqi_pm25, h.aqi_pm10) is not null then h.largest end as aqi,
    case when coalesce(h.aqi_pm25, h.aqi_pm10) is not null then h.largest_parameter end as main_parameter,
    b.level as aqi_level,
    b.band_vi,
    b.band_en,
    -- the worst station of the hour stands for the province
    row_number() over (partition by h.hour_at order by aqi desc nulls last, h.station_code asc) = 1 and aqi is not null as is_worst,
    h.last_reading_at,
    h.last_loaded_at,
    h.extract_ids
from station_hour as h
left join {{ ref('seed_vn_aqi_band') }} as b
    on coalesce(h.aqi_pm25, h.aqi_pm10) is not null and h.largest between b.index_min and b.index_max
{% if is_incremental() %} where {{ within_days('h.hour_at', days, days_after=1) }} {% endif %}
