{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        unique_key='hour_at',
        meta={'follows': ['sonnmt_quan_trac__so_do']},
    )
}}
-- Hours in which a station sent anything at all, whatever its status.
{% set days = touched_days(ref('fct_env_reading_hour'), 'hour_at') -%}
select
    station_code,
    hour_at,
    max(last_reading_at) as last_reading_at,
    max(last_loaded_at) as last_loaded_at,
    {{ merge_extracts('extract_ids') }} as extract_ids
from {{ ref('fct_env_reading_hour') }}
{% if is_incremental() -%} where {{ within_days('hour_at', days) }} {% endif -%}
group by station_code, hour_at
