select
    'day' as period_kind,
    strftime(f.reading_date, '%Y%m%d') as period_key,
    coalesce(s.area_code, '38') as area_code,
    'tram=' || f.station_code as breakdown,
    cast(sum(f.n_valid) as double) as numerator,
    cast(sum(f.n_expected) as double) as denominator,
    100.0 * sum(f.n_valid) / sum(f.n_expected) as value,
    max(f.as_of) as as_of,
    {{ merge_extracts('f.extract_ids') }} as extract_ids
from {{ ref('fct_env_capture_day') }} as f
inner join {{ ref('dim_station') }} as s using (station_code)
where true
group by period_key, s.area_code, f.station_code
union all
select
    'day' as period_kind,
    strftime(f.reading_date, '%Y%m%d') as period_key,
    '38' as area_code,
    '' as breakdown,
    cast(sum(f.n_valid) as double) as numerator,
    cast(sum(f.n_expected) as double) as denominator,
    100.0 * sum(f.n_valid) / sum(f.n_expected) as value,
    max(f.as_of) as as_of,
    {{ merge_extracts('f.extract_ids') }} as extract_ids
from {{ ref('fct_env_capture_day') }} as f
where true
group by period_key
