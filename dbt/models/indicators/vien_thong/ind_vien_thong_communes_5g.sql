with commune as (
    select count(*) as n from {{ ref('dim_area') }}
    where is_current and level = 'commune'
)

select
    'quarter' as period_kind,
    q.quarter_key as period_key,
    '38' as area_code,
    '' as breakdown,
    cast(count(distinct b.area_code) as double) as numerator,
    cast(max(c.n) as double) as denominator,
    100.0 * count(distinct b.area_code) / max(c.n) as value,
    least(max(b.loaded_at), cast(q.last_day + 1 as timestamp) at time zone 'Asia/Ho_Chi_Minh') as as_of,
    list_sort(list(distinct b.extract_id)) as extract_ids
from (
    select quarter_key, max(date_day) as last_day from {{ ref('dim_date') }}
    where date_day >= date '2025-01-01' group by quarter_key having min(date_day) <= current_date
) as q
cross join commune as c
inner join {{ ref('dim_base_station') }} as b on b.technology = '5G' and b.on_air_date <= least(q.last_day, current_date)
group by q.quarter_key, q.last_day
