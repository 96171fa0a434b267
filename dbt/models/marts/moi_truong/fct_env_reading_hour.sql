{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        unique_key='hour_at',
        meta={'follows': ['sonnmt_quan_trac__so_do']},
    )
}}
{% set days = touched_days(ref('stg_sonnmt_quan_trac__so_do'), 'reading_at', 'loaded_at') -%}
with reading as (
    select
        *,
        time_bucket(interval '1 hour', reading_at) as hour_at
    from {{ ref('stg_sonnmt_quan_trac__so_do') }}
    {% if is_incremental() %} where {{ within_days('reading_at', days) }} {% endif %}
),

-- The loader keeps one row a station, sent name and instant. Where one parameter came under two names, the last received holds;
-- only those few pairs are searched for doubles.
respelled as (
    select
        station_code,
        parameter
    from reading
    group by station_code, parameter
    having min(parameter_as_sent) <> max(parameter_as_sent)
),

slot as (
    select * from reading anti join respelled using (station_code, parameter)
    union all
    select * from reading semi join respelled using (station_code, parameter)
    qualify row_number() over (partition by station_code, parameter, reading_at order by loaded_at desc, row_number desc) = 1
),

judged as (
    select
        slot.*,
        case
            when slot.status = '01' then 'status_01'
            when slot.status = '02' then 'status_02'
            when slot.value is null or isnan(slot.value) or coalesce(slot.status, '') <> '00' then 'unusable'
            when slot.value < 0 and coalesce(p.range_min, 0) >= 0 then 'negative'
            when slot.value not between p.range_min and p.range_max then 'out_of_range'
            else 'valid'
        end as verdict
    from slot
    left join {{ ref('seed_env_parameter') }} as p using (parameter)
)

select
    station_code,
    parameter,
    hour_at,
    -- summed as decimals: floating sums depend on the order of rows, and two builds must agree to the last bit
    sum(try_cast(value as decimal(18, 6))) filter (where verdict = 'valid')::double
    / count(*) filter (where verdict = 'valid') as value_mean,
    min(value) filter (where verdict = 'valid') as value_min,
    max(value) filter (where verdict = 'valid') as value_max,
    cast(count(*) as integer) as n_rows,
    cast(count(*) filter (where verdict = 'valid') as integer) as n_valid,
    cast(count(*) filter (where verdict = 'status_01') as integer) as n_status_01,
    cast(count(*) filter (where verdict = 'status_02') as integer) as n_status_02,
    cast(count(*) filter (where verdict = 'negative') as integer) as n_negative,
    cast(count(*) filter (where verdict = 'out_of_range') as integer) as n_out_of_range,
    cast(count(*) filter (where verdict = 'unusable') as integer) as n_unusable,
    12 as n_expected,
    least(count(*) filter (where verdict = 'valid') / 12.0, 1.0)::double as capture_ratio,
    min(reading_at) as first_reading_at,
    max(reading_at) as last_reading_at,
    max(loaded_at) as last_loaded_at,
    list_sort(list(distinct extract_id)) as extract_ids
from judged
group by station_code, parameter, hour_at
