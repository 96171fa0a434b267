-- One row a big problem, with the firms that registered to solve it. Firms without a valid tax code were refused before.
with firm as (
    select problem_code, min(registered_date) as first_registered_date, count(distinct tax_code) as n_firms
    from {{ ref('stg_sokhcn_bai_toan__bai_toan_dn') }}
    group by problem_code
)

select
    p.problem_code, p.problem_name, p.field, p.proposed_on, p.wanted_result, p.ordering_agency, p.published_date, p.due_date, p.cost_million_vnd,
    firm.first_registered_date, coalesce(firm.n_firms, 0) as n_firms, p.extract_id, p.loaded_at
from {{ ref('stg_sokhcn_bai_toan__bai_toan') }} as p
left join firm using (problem_code)
