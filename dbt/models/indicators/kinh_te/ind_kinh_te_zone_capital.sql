-- The value of the zone is that of the amounts in đồng; those in dollars are a breakdown of their own and never added.
select
    'quarter' as period_kind,
    quarter_key as period_key,
    '38' as area_code,
    if(registered_billion_vnd is null, 'tien=usd', '') as breakdown,
    sum(coalesce(realised_billion_vnd, realised_million_usd) order by project_code) as numerator,
    sum(coalesce(registered_billion_vnd, registered_million_usd) order by project_code) as denominator,
    100 * sum(coalesce(realised_billion_vnd, realised_million_usd) order by project_code)
        / nullif(sum(coalesce(registered_billion_vnd, registered_million_usd) order by project_code), 0) as value,
    least(max(loaded_at), {{ quarter_end() }}) as as_of,
    list_sort(list(distinct extract_id)) as extract_ids
from {{ ref('fct_zone_capital_quarter') }}
where is_in_force
group by quarter_key, breakdown
