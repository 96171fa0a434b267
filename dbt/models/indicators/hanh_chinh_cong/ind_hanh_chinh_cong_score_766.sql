-- The three known parts one by one, and their sum in months that have all three.
select
    'month' as period_kind,
    month_key as period_key,
    '38' as area_code,
    case when grouping(part_code) = 1 then '' else 'phan=' || part_code end as breakdown,
    cast(sum(points) as double) as numerator,
    cast(sum(max_points) as double) as denominator,
    cast(sum(points) as double) as value,
    max(as_of) as as_of,
    list_sort(list_distinct(flatten(list(extract_ids)))) as extract_ids
from {{ ref('fct_score_766') }}
group by grouping sets ((month_key), (month_key, part_code))
having grouping(part_code) = 0 or count(*) = 3
