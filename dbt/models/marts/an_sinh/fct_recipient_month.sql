-- Recipients of social protection who are entitled on each month's last day (today in the running month), since 2025, a row a
-- month and commune; communes with one to four are one row without a commune. No row here is about one person.
with month_end as (
    select month_key, least(max(date_day), current_date) as as_of_day, max(date_day) as last_day
    from {{ ref('dim_date') }}
    where date_day >= date '2025-01-01'
    group by month_key
    having min(date_day) <= current_date
),

entitled as (
    select
        m.month_key, p.area_code, count(*) as recipients,
        least(max(p.loaded_at), cast(max(m.last_day) + 1 as timestamp) at time zone 'Asia/Ho_Chi_Minh') as as_of, max(p.extract_id) as extract_id
    from month_end as m
    inner join {{ ref('stg_sonv_bao_tro__doi_tuong') }} as p on p.entitled_date <= m.as_of_day and (p.ended_date is null or p.ended_date > m.as_of_day)
    group by m.month_key, p.area_code
),

suppressed as (
    {{ suppress_small('entitled', 'month_key', 'recipients') }}
)

select month_key, area_code, cast(sum(recipients) as bigint) as recipients, max(as_of) as as_of, max(extract_id) as extract_id
from suppressed
group by month_key, area_code
