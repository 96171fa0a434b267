select
    'quarter' as period_kind,
    quarter_key as period_key,
    '38' as area_code,
    '' as breakdown,
    cast(balance_billion_vnd as double) as numerator,
    cast(1 as double) as denominator,
    cast(balance_billion_vnd as double) as value,
    least(loaded_at, {{ quarter_end() }}) as as_of,
    [extract_id] as extract_ids
from {{ ref('fct_science_fund_quarter') }}
