-- The value of the zone is that of domestic capital; foreign capital in dollars is a breakdown of its own and never added.
select
    'quarter' as period_kind,
    q.quarter_key as period_key,
    '38' as area_code,
    if(p.capital_kind = 'trong_nuoc', '', 'von=' || p.capital_kind) as breakdown,
    sum(coalesce(p.realised_billion_vnd, p.realised_million_usd) order by p.project_code) as numerator,
    sum(coalesce(p.registered_billion_vnd, p.registered_million_usd) order by p.project_code) as denominator,
    100 * sum(coalesce(p.realised_billion_vnd, p.realised_million_usd) order by p.project_code)
        / nullif(sum(coalesce(p.registered_billion_vnd, p.registered_million_usd) order by p.project_code), 0) as value,
    least(max(p.loaded_at), cast(q.last_day + 1 as timestamp) at time zone 'Asia/Ho_Chi_Minh') as as_of,
    list_sort(list(distinct p.extract_id)) as extract_ids
from (
    select quarter_key, max(date_day) as last_day from {{ ref('dim_date') }}
    where date_day >= date '2025-01-01' group by quarter_key having min(date_day) <= current_date
) as q
inner join {{ ref('fct_zone_project') }} as p on p.granted_date <= least(q.last_day, current_date) and coalesce(p.ended_date, date '9999-12-31') > least(q.last_day, current_date)
group by q.quarter_key, q.last_day, p.capital_kind
