-- Tasks that were late on a day: done after the deadline, or not done when it had passed. Days count up to the day.
select
    'day' as period_kind,
    d.day_key as period_key,
    '38' as area_code,
    '' as breakdown,
    cast(sum(least(coalesce(t.done_date, d.date_day), d.date_day) - t.due_date) as double) as numerator,
    cast(count(*) as double) as denominator,
    sum(least(coalesce(t.done_date, d.date_day), d.date_day) - t.due_date) / cast(count(*) as double) as value,
    least(max(t.loaded_at), cast(d.date_day + 1 as timestamp) at time zone 'Asia/Ho_Chi_Minh') as as_of,
    list_sort(list(distinct t.extract_id)) as extract_ids
from {{ ref('dim_date') }} as d
inner join {{ ref('fct_task') }} as t
    on t.given_date <= d.date_day and least(coalesce(t.done_date, d.date_day), d.date_day) > t.due_date
where d.date_day between date '2025-05-20' and current_date
group by d.date_day, d.day_key
