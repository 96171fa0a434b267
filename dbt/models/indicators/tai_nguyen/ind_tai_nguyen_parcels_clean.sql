with month_end as (
    select month_key as period_key, least(max(date_day), current_date) as as_of_day
    from {{ ref('dim_date') }}
    where date_day >= date '2025-09-01'
    group by month_key
    having min(date_day) <= current_date
),

held as (
    select
        m.period_key,
        p.area_code,
        coalesce(p.cleaned_date <= m.as_of_day, false) as is_clean,
        least(p.loaded_at, cast(m.as_of_day + 1 as timestamp) at time zone 'Asia/Ho_Chi_Minh') as as_of,
        p.extract_id
    from month_end as m
    cross join {{ ref('fct_land_parcel') }} as p
)

{{ by_commune_and_province('held', 'month', 'count(*) filter (where is_clean)', 'count(*)') }}
