-- One row a project and day of report: the year's plan and what was paid since January. The sum begins anew each January and
-- never falls within a year; a report that falls against the one before it is flagged and kept as it came.
select
    project_code, reported_date, year(reported_date) as budget_year, planned_million_vnd, paid_million_vnd,
    coalesce(paid_million_vnd < lag(paid_million_vnd) over same_year, false) as is_falling,
    paid_million_vnd > planned_million_vnd as is_over_plan,
    extract_id, loaded_at
from {{ ref('stg_sotc_dau_tu_cong__giai_ngan') }}
window same_year as (partition by project_code, year(reported_date) order by reported_date)
