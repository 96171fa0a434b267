-- The parts of decision 766 whose formula and greatest number of points are known (30 of 100), the province by month:
-- points = ratio × greatest number of points. What is not known is not here.
with resolved as (
    select *, substr(resolved_day, 1, 6) as month_key from {{ ref('fct_dossier') }} where is_resolved
),

part as (
    select
        month_key, 'tien_do' as part_code, 20 as max_points, count(*) filter (where is_on_time) as numerator, count(*) as denominator,
        max(resolved_at) as as_of, list_sort(list(distinct extract_id)) as extract_ids
    from resolved
    group by month_key
    union all
    select
        month_key, 'hai_long' as part_code, 6 as max_points, count(*) filter (where satisfaction >= 4) as numerator, count(*) as denominator,
        max(resolved_at) as as_of, list_sort(list(distinct extract_id)) as extract_ids
    from resolved
    where satisfaction is not null
    group by month_key
    union all
    select
        month_key, 'cong_khai' as part_code, 4 as max_points, count(*) filter (where is_on_time) as numerator, count(*) as denominator,
        least(max(loaded_at), cast(max(strptime(month_key, '%Y%m')) + interval 1 month as timestamp) at time zone 'Asia/Ho_Chi_Minh') as as_of,
        list_sort(list(distinct extract_id)) as extract_ids
    from {{ ref('fct_procedure_publication') }}
    where is_judged
    group by month_key
)

select month_key, part_code, max_points, numerator, denominator, max_points * numerator / cast(denominator as double) as points, as_of, extract_ids
from part
