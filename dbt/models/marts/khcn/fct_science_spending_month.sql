-- Spent since the year began on each line of science, innovation and digital transformation, a row a month and line,
-- beside the year's plan (million đồng). A month that the treasury did not send has no row.
select
    spent.budget_year,
    strftime(make_date(spent.budget_year, spent.month_no, 1), '%Y%m') as month_key,
    spent.line_code,
    spent.spent_million_vnd,
    spent.spent_million_vnd - lag(spent.spent_million_vnd, 1, 0) over (partition by spent.budget_year, spent.line_code order by spent.month_no) as change_million_vnd,
    plan.amount_million_vnd as planned_million_vnd,
    plan.extract_id as plan_extract_id,
    spent.extract_id,
    spent.loaded_at
from {{ ref('stg_kbnn_chi_khcn__chi_luy_ke') }} as spent
inner join {{ ref('fct_budget_line') }} as plan using (budget_year, line_code)
where plan.is_science
