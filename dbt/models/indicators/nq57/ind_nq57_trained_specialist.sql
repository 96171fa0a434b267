select
    'day' as period_kind,
    d.day_key as period_key,
    '38' as area_code,
    '' as breakdown,
    cast(sum(s.attendances) as double) as numerator,
    cast(1 as double) as denominator,
    cast(sum(s.attendances) as double) as value,
    least(max(s.loaded_at), cast(d.date_day + 1 as timestamp) at time zone 'Asia/Ho_Chi_Minh') as as_of,
    list_sort(list(distinct s.extract_id)) as extract_ids
from {{ ref('dim_date') }} as d
inner join {{ ref('fct_training_session') }} as s on s.held_date <= d.date_day
where d.date_day between date '2025-01-01' and current_date and s.kind = 'specialist'
group by d.date_day, d.day_key
