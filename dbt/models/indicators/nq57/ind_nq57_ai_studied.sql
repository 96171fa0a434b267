select
    'day' as period_kind,
    d.day_key as period_key,
    '38' as area_code,
    '' as breakdown,
    cast(count(*) filter (where p.started_date <= d.date_day and (p.deployed_date is null or p.deployed_date > d.date_day)) as double) as numerator,
    cast(1 as double) as denominator,
    cast(count(*) filter (where p.started_date <= d.date_day and (p.deployed_date is null or p.deployed_date > d.date_day)) as double) as value,
    least(max(p.loaded_at), cast(d.date_day + 1 as timestamp) at time zone 'Asia/Ho_Chi_Minh') as as_of,
    list_sort(list(distinct p.extract_id)) as extract_ids
from {{ ref('dim_date') }} as d
cross join {{ ref('fct_ai_project') }} as p
where d.date_day between date '2025-01-01' and current_date
group by d.date_day, d.day_key
