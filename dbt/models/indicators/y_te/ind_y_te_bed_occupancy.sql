select
    'day' as period_kind,
    day_key as period_key,
    '38' as area_code,
    '' as breakdown,
    cast(sum(inpatient_days) as double) as numerator,
    cast(sum(beds) as double) as denominator,
    100.0 * sum(inpatient_days) / sum(beds) as value,
    least(max(loaded_at), cast(max(date_day) + 1 as timestamp) at time zone 'Asia/Ho_Chi_Minh') as as_of,
    list_sort(list(distinct extract_id)) as extract_ids
from {{ ref('fct_hospital_day') }}
group by day_key
