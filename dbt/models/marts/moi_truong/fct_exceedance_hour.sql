-- Hours of waste-water stations against the limit of their own permit that was in force at that hour. Hours without a limit
-- are not judged and do not appear.
with limits as (
    select * from {{ ref('stg_sonnmt_danh_muc_tram__nguong') }}
)

select
    h.station_code,
    h.parameter,
    h.hour_at,
    h.value_mean,
    h.n_valid,
    l.limit_min,
    l.limit_max,
    l.unit,
    l.legal_ref,
    l.valid_from as limit_valid_from,
    coalesce(h.value_mean > l.limit_max, false) or coalesce(h.value_mean < l.limit_min, false) as is_exceeded,
    case when h.value_mean > l.limit_max and l.limit_max > 0 then h.value_mean / l.limit_max end as times_limit,
    h.last_reading_at,
    h.extract_ids
from {{ ref('fct_env_reading_hour') }} as h
inner join {{ ref('dim_station') }} as s using (station_code)
inner join limits as l
    on
        h.station_code = l.station_code
        and h.parameter = l.parameter
        and {{ local_day('h.hour_at') }} between l.valid_from and coalesce(l.valid_to, date '9999-12-31')
where s.station_kind = 'nuoc_thai' and h.n_valid > 0
-- where two permits overlap the later one holds
qualify row_number() over (partition by h.station_code, h.parameter, h.hour_at order by l.valid_from desc) = 1
