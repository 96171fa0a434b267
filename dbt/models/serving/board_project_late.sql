{{ config(materialized='view') }}
-- Public investment projects past their day and not done, the latest first.
select
    p.project_code, p.project_name, p.project_group, p.investor, coalesce(a.area_name, '') as commune_vi, p.due_date,
    cast(({{ right_now() }}) at time zone 'Asia/Ho_Chi_Minh' as date) - p.due_date as n_days
from {{ ref('fct_investment_project') }} as p
left join {{ ref('dim_area') }} as a on p.area_code = a.area_code and a.is_current
where p.done_date is null and p.due_date < cast(({{ right_now() }}) at time zone 'Asia/Ho_Chi_Minh' as date)
