select
    'day' as period_kind,
    day_key as period_key,
    '38' as area_code,
    '' as breakdown,
    sum(litres order by farm_code) as numerator,
    cast(sum(milking_cows) as double) as denominator,
    sum(litres order by farm_code) / sum(milking_cows) as value,
    least(max(loaded_at), cast(max(date_day) + 1 as timestamp) at time zone 'Asia/Ho_Chi_Minh') as as_of,
    list_sort(list(distinct extract_id)) as extract_ids
from {{ ref('fct_dairy_day') }}
where not is_impossible and milking_cows > 0
group by day_key
