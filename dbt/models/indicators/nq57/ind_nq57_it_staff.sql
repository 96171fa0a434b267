-- For the province and each agency; an agency of fewer than five people is not shown by itself.
select
    'quarter' as period_kind,
    quarter_key as period_key,
    '38' as area_code,
    case when grouping(agency_code) = 1 then '' else 'don_vi=' || agency_code end as breakdown,
    cast(sum(n_it) as double) as numerator,
    cast(sum(n_staff) as double) as denominator,
    100.0 * sum(n_it) / sum(n_staff) as value,
    max(as_of) as as_of,
    list_sort(list_distinct(flatten(list(extract_ids)))) as extract_ids
from {{ ref('fct_staff_quarter') }}
group by grouping sets ((quarter_key), (quarter_key, agency_code))
having grouping(agency_code) = 1 or sum(n_staff) >= 5
