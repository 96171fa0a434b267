{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        unique_key='reading_date',
        meta={'follows': ['sonnmt_quan_trac__so_do']},
    )
}}
{% set days = touched_days(ref('fct_env_reading_hour'), 'hour_at') -%}
with hourly as (
    select
        *,
        {{ local_day('hour_at') }} as reading_date
    from {{ ref('fct_env_reading_hour') }}
    {% if is_incremental() %} where {{ within_days('hour_at', days) }} {% endif %}
)

select
    station_code,
    parameter,
    reading_date,
    -- the mean of all valid readings, so an hour with few readings weighs little
    sum(try_cast(value_mean * n_valid as decimal(18, 6)))::double / nullif(sum(n_valid), 0) as value_mean,
    max(value_mean) as hour_max,
    min(value_min) as value_min,
    max(value_max) as value_max,
    cast(count(*) filter (where n_valid > 0) as integer) as n_hours,
    cast(sum(n_rows) as integer) as n_rows,
    cast(sum(n_valid) as integer) as n_valid,
    cast(sum(n_status_01) as integer) as n_status_01,
    cast(sum(n_status_02) as integer) as n_status_02,
    cast(sum(n_negative) as integer) as n_negative,
    cast(sum(n_out_of_range) as integer) as n_out_of_range,
    cast(sum(n_unusable) as integer) as n_unusable,
    288 as n_expected,
    least(sum(n_valid) / 288.0, 1.0)::double as capture_ratio,
    min(first_reading_at) as first_reading_at,
    max(last_reading_at) as last_reading_at,
    max(last_loaded_at) as last_loaded_at,
    {{ merge_extracts('extract_ids') }} as extract_ids
from hourly
group by station_code, parameter, reading_date
