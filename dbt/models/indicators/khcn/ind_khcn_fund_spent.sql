select
    'quarter' as period_kind,
    quarter_key as period_key,
    '38' as area_code,
    '' as breakdown,
    cast(spending_billion_vnd as double) as numerator,
    cast((opening_billion_vnd + income_billion_vnd) as double) as denominator,
    100.0 * cast(spending_billion_vnd as double) / cast(opening_billion_vnd + income_billion_vnd as double) as value,
    least(loaded_at, {{ quarter_end() }}) as as_of,
    [extract_id] as extract_ids
from {{ ref('fct_science_fund_quarter') }}
where opening_billion_vnd + income_billion_vnd > 0
