{{ config(materialized='view') }}
-- The big problems of science and technology: who asked, by when, and whether a firm has taken them.
select problem_code, problem_name, field, ordering_agency, due_date, n_firms, if(n_firms > 0, '● ' || n_firms || ' đơn vị nhận', '▲ chưa có đơn vị nhận') as state_vi
from {{ ref('fct_big_problem') }}
