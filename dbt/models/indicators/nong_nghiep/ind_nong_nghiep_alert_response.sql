select
    'month' as period_kind,
    month_key as period_key,
    '38' as area_code,
    '' as breakdown,
    median(hours_to_handle) as numerator,
    cast(1 as double) as denominator,
    median(hours_to_handle) as value,
    max(loaded_at) as as_of,
    list_sort(list(distinct extract_id)) as extract_ids
from {{ ref('fct_cane_alert') }}
where is_pest and hours_to_handle is not null
group by month_key
