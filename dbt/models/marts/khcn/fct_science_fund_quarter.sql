-- One row a quarter of the science fund, tỷ đồng; the balance is computed, and stands beside what the book says.
select
    quarter_key, opening_billion_vnd, income_billion_vnd, spending_billion_vnd, closing_billion_vnd,
    opening_billion_vnd + income_billion_vnd - spending_billion_vnd as balance_billion_vnd,
    lag(closing_billion_vnd) over (order by quarter_key) as previous_closing_billion_vnd,
    extract_id, loaded_at
from {{ ref('stg_sokhcn_quy__quy_khcn') }}
