-- Valid readings against expected ones, for every day since a station first sent a parameter: a day of silence is a row with 0
-- of 288, not a missing row. The first and the running day expect only the slots that they have had.
with pair as (
    select
        station_code,
        parameter,
        min(first_reading_at) as first_at
    from {{ ref('fct_env_reading_hour') }}
    group by station_code, parameter
),

network as (
    select
        max(last_reading_at) as last_at,
        max_by(extract_ids, last_reading_at) as extract_ids
    from {{ ref('fct_env_reading_hour') }}
),

spine as (
    select
        pair.station_code,
        pair.parameter,
        cast(unnest(generate_series({{ local_day('pair.first_at') }}, {{ local_day('network.last_at') }}, interval '1 day')) as date)
            as reading_date,
        pair.first_at,
        network.last_at,
        network.extract_ids as network_extract_ids
    from pair
    cross join network
),

expected as (
    select
        *,
        timezone('Asia/Ho_Chi_Minh', cast(reading_date as timestamp)) as day_from,
        timezone('Asia/Ho_Chi_Minh', cast(reading_date + 1 as timestamp)) as day_to,
        greatest(day_from, time_bucket(interval '5 minutes', first_at)) as expect_from,
        least(day_to, time_bucket(interval '5 minutes', last_at) + interval '5 minutes') as expect_to
    from spine
)

select
    e.station_code,
    e.parameter,
    e.reading_date,
    coalesce(d.n_valid, 0) as n_valid,
    coalesce(d.n_rows, 0) as n_rows,
    cast((epoch(e.expect_to) - epoch(e.expect_from)) / 300 as integer) as n_expected,
    least(coalesce(d.n_valid, 0) / nullif(n_expected, 0), 1.0) as capture_ratio,
    coalesce(d.last_reading_at, e.day_from) as last_reading_at,
    least(e.day_to, e.last_at) as as_of,
    coalesce(d.extract_ids, e.network_extract_ids) as extract_ids
from expected as e
left join {{ ref('fct_env_reading_day') }} as d using (station_code, parameter, reading_date)
where e.expect_to > e.expect_from
