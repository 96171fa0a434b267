-- Class of river water (QCVN 08:2023 table 2) of each automatic station and sampling point in a month, from monthly means. A
-- class is met when all parameters that were measured and have a bound surely meet it; where a mean with KPH lies on both
-- sides of a bound, that class is not sure. D when C is surely missed; none when nothing is sure.
with measured as (
    select
        'tram' as point_kind,
        d.station_code as point_code,
        s.area_code,
        strftime(d.reading_date, '%Y%m') as month_key,
        d.parameter,
        sum(d.value_mean * d.n_valid order by d.reading_date) / sum(d.n_valid) as value_low,
        value_low as value_high,
        max(d.last_reading_at) as as_of,
        {{ merge_extracts('d.extract_ids') }} as extract_ids
    from {{ ref('fct_env_reading_day') }} as d
    inner join {{ ref('dim_station') }} as s using (station_code)
    where s.station_kind = 'nuoc_mat' and d.n_valid > 0
    group by d.station_code, s.area_code, month_key, d.parameter
    union all by name
    select
        'mau' as point_kind,
        point_code,
        area_code,
        strftime(sampled_date, '%Y%m') as month_key,
        parameter,
        avg(value_low) as value_low,
        avg(value_high) as value_high,
        cast(max(sampled_date) + 1 as timestamp) at time zone 'Asia/Ho_Chi_Minh' as as_of,
        list_sort(list(distinct extract_id)) as extract_ids
    from {{ ref('fct_water_sample') }}
    group by point_code, area_code, month_key, parameter
),

judged as (
    select
        m.*,
        l.class,
        case
            when coalesce(m.value_high <= l.highest, true) and coalesce(m.value_low >= l.lowest, true) then true
            when m.value_low > l.highest or m.value_high < l.lowest then false
        end as is_met
    from measured as m
    inner join {{ ref('int_qcvn08__limits') }} as l using (parameter)
),

classed as (
    select
        point_kind,
        point_code,
        area_code,
        month_key,
        class,
        case when bool_or(not is_met) then false when count(*) = count(is_met) then true end as is_met,
        cast(count(*) as integer) as n_parameters,
        list_sort(list(parameter) filter (where not is_met)) as missed,
        max(as_of) as as_of,
        {{ merge_extracts('extract_ids') }} as extract_ids
    from judged
    group by point_kind, point_code, area_code, month_key, class
)

select
    point_kind,
    point_code,
    area_code,
    month_key,
    coalesce(min(class) filter (where is_met), case when bool_or(class = 'C' and not is_met) then 'D' end) as water_class,
    max(n_parameters) as n_parameters,
    any_value(missed) filter (where class = 'B') as missed_b,
    max(as_of) as as_of,
    {{ merge_extracts('extract_ids') }} as extract_ids
from classed
group by point_kind, point_code, area_code, month_key
