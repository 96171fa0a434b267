{{ config(materialized='view') }}
-- Planned income and expenditure of the province in the published forms, thousand milliard đồng. Real data.
select make_date(budget_year, 1, 1) as year_start_date, case when regexp_matches(line_name, '^TỔNG (NGUỒN )?THU') then 'Tổng thu' else 'Tổng chi' end as kind_vi, round(max(planned_million_vnd) / 1000000, 2) as trillion_vnd
from {{ ref('fct_budget_disclosure') }}
where form = 'B46' and regexp_matches(line_name, '^TỔNG (NGUỒN )?(THU|CHI) NS')
group by all
