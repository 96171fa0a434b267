-- By the month of the announcement; what is not published and still has time is not judged yet.
select
    'month' as period_kind,
    month_key as period_key,
    '38' as area_code,
    '' as breakdown,
    cast(count(*) filter (where is_on_time) as double) as numerator,
    cast(count(*) as double) as denominator,
    100.0 * count(*) filter (where is_on_time) / count(*) as value,
    least(max(loaded_at), cast(max(strptime(month_key, '%Y%m')) + interval 1 month as timestamp) at time zone 'Asia/Ho_Chi_Minh') as as_of,
    list_sort(list(distinct extract_id)) as extract_ids
from {{ ref('fct_procedure_publication') }}
where is_judged
group by month_key
