-- Active firms at the end of each quarter, and those of them that use at least one digital platform by then.
with quarter_end as (
    select quarter_key, max(date_day) as last_day, least(max(date_day), current_date) as as_of_day
    from {{ ref('dim_date') }}
    where date_day >= date '2024-01-01'
    group by quarter_key
    having min(date_day) <= current_date
)

select
    'quarter' as period_kind,
    q.quarter_key as period_key,
    '38' as area_code,
    '' as breakdown,
    cast(count(*) filter (where f.digital_since_date <= q.as_of_day) as double) as numerator,
    cast(count(*) as double) as denominator,
    100.0 * count(*) filter (where f.digital_since_date <= q.as_of_day) / count(*) as value,
    least(max(f.loaded_at), cast(q.last_day + 1 as timestamp) at time zone 'Asia/Ho_Chi_Minh') as as_of,
    list_sort(list(distinct f.extract_id)) as extract_ids
from quarter_end as q
inner join {{ ref('fct_firm') }} as f
    on f.granted_date <= q.as_of_day and (f.status = 'dang_hoat_dong' or f.status_date > q.as_of_day)
group by q.quarter_key, q.last_day
