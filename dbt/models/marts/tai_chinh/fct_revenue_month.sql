-- State revenue since January, tỷ đồng, a row a month; the plan is empty where nobody gave it.
select
    budget_year, strftime(make_date(budget_year, month_no, 1), '%Y%m') as month_key, planned_billion_vnd, collected_billion_vnd,
    domestic_billion_vnd, customs_billion_vnd,
    coalesce(collected_billion_vnd < lag(collected_billion_vnd) over (partition by budget_year order by month_no), false) as is_falling,
    extract_id, loaded_at
from {{ ref('stg_sotc_thu_nsnn__thu_luy_ke') }}
