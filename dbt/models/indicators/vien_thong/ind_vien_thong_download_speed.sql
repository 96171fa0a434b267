-- A median of medians is no median: the province's is taken over all tests.
select
    'month' as period_kind,
    month_key as period_key,
    area_code,
    '' as breakdown,
    download_median_mbps as numerator,
    cast(1 as double) as denominator,
    download_median_mbps as value,
    last_tested_at as as_of,
    extract_ids
from {{ ref('fct_speed_month') }}
where n_tests >= 5
