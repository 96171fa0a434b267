{{ config(materialized='view') }}
-- Tasks of Resolution 57 at the end of each week, long form for a stacked chart.
select date_day, unnest(['Hoàn thành', 'Đang thực hiện', 'Quá hạn']) as status_vi, unnest([n_done, n_running, n_overdue]) as n_tasks
from {{ ref('fct_task_day') }}
where isodow(date_day) = 1 or date_day = (select max(date_day) from {{ ref('fct_task_day') }})
