-- The state of all tasks at the end of each day since nq57.vn went live (2025-05-20): given, done, running, overdue.
select
    d.date_day,
    d.day_key,
    count(*) as n_given,
    count(*) filter (where t.done_date <= d.date_day) as n_done,
    count(*) filter (where t.done_date <= d.date_day and t.done_date <= t.due_date) as n_done_on_time,
    count(*) filter (where (t.done_date is null or t.done_date > d.date_day) and t.due_date >= d.date_day) as n_running,
    count(*) filter (where (t.done_date is null or t.done_date > d.date_day) and t.due_date < d.date_day) as n_overdue,
    least(max(t.loaded_at), cast(d.date_day + 1 as timestamp) at time zone 'Asia/Ho_Chi_Minh') as as_of,
    list_sort(list(distinct t.extract_id)) as extract_ids
from {{ ref('dim_date') }} as d
inner join {{ ref('fct_task') }} as t on t.given_date <= d.date_day
where d.date_day between date '2025-05-20' and current_date
group by d.date_day, d.day_key
