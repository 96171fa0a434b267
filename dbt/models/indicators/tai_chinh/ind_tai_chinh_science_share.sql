-- From the plan's lines; for the years of the published settlement (form B64), from its planned column: the lines “Chi khoa
-- học và công nghệ” of investment and of recurrent expenditure over “TỔNG CHI NSĐP”.
with plan as (
    select budget_year, sum(amount_million_vnd) filter (where is_science) as science, sum(amount_million_vnd) as total, max(loaded_at) as as_of, list_sort(list(distinct extract_id)) as extract_ids
    from {{ ref('fct_budget_line') }}
    group by budget_year
),

published as (
    select
        budget_year,
        sum(planned_million_vnd) filter (where regexp_matches(lower(line_name), '^chi khoa học và công nghệ')) as science,
        max(planned_million_vnd) filter (where regexp_matches(lower(line_name), '^tổng chi ns')) as total,
        max(loaded_at) as as_of,
        list_sort(list(distinct extract_id)) as extract_ids
    from {{ ref('fct_budget_disclosure') }}
    where form = 'B64'
    group by budget_year
)


select
    'year' as period_kind,
    cast(budget_year as varchar) as period_key,
    '38' as area_code,
    '' as breakdown,
    cast(science as double) as numerator,
    cast(total as double) as denominator,
    100.0 * science / total as value,
    as_of,
    extract_ids
from (select * from plan union all select * from published)
where science is not null and total > 0
