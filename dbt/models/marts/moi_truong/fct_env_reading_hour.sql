{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['station_code', 'parameter', 'hour_at'],
    )
}}
-- An hour that any new row touches is computed again from all its rows, so that one build or many give the same table.
with reading as (
    select *, time_bucket(interval '1 hour', reading_at) as hour_at
    from {{ ref('stg_sonnmt_quan_trac__so_do') }}
),

{% if is_incremental() -%}
touched as (
    select distinct station_code, parameter, hour_at
    from reading
    where loaded_at > (select coalesce(max(last_loaded_at), '-infinity') from {{ this }})
),

{% endif -%}
-- One value an instant, the last received: two spellings of one parameter may bring it twice.
slot as (
    select
        station_code, parameter, hour_at, reading_at,
        arg_max({'value': value, 'status': status}, (loaded_at, row_number)) as newest,
        max(loaded_at) as loaded_at,
        max(extract_id) as extract_id
    from reading
    {% if is_incremental() -%}
    semi join touched using (station_code, parameter, hour_at)
    {% endif -%}
    group by all
),

judged as (
    select
        slot.* exclude (newest),
        newest.value,
        case
            when newest.status = '01' then 'status_01'
            when newest.status = '02' then 'status_02'
            when newest.value is null or isnan(newest.value) or newest.status is distinct from '00' then 'unusable'
            when newest.value < 0 and coalesce(p.range_min, 0) >= 0 then 'negative'
            when newest.value not between p.range_min and p.range_max then 'out_of_range'
            else 'valid'
        end as verdict
    from slot
    left join {{ ref('seed_env_parameter') }} as p using (parameter)
)

select
    station_code,
    parameter,
    hour_at,
    -- summed in order of time: floating sums depend on the order, and two builds must agree to the last bit
    list_avg(list(value order by reading_at) filter (where verdict = 'valid')) as value_mean,
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
