-- One row a project and month: its newest report of that year up to the month's end, for months up to the newest report of all.
with month_end as (
    select month_key, year(max(date_day)) as budget_year, max(date_day) as last_day
    from {{ ref('dim_date') }}
    group by month_key
    having min(date_day) <= (select max(reported_date) from {{ ref('fct_investment_report') }})
)

select
    m.month_key, r.project_code, any_value(p.area_code) as area_code, max(r.reported_date) as reported_date,
    max_by(r.planned_million_vnd, r.reported_date) as planned_million_vnd, max_by(r.paid_million_vnd, r.reported_date) as paid_million_vnd,
    max_by(r.is_falling, r.reported_date) as is_falling, max(r.extract_id) as extract_id,
    least(max(r.loaded_at), cast(max(r.reported_date) + 1 as timestamp) at time zone 'Asia/Ho_Chi_Minh') as as_of
from month_end as m
inner join {{ ref('fct_investment_report') }} as r on r.budget_year = m.budget_year and r.reported_date <= m.last_day
left join {{ ref('fct_investment_project') }} as p using (project_code)
group by m.month_key, r.project_code
