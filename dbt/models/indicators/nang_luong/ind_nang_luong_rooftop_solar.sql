with installed as (
    select
        q.quarter_key as period_key, r.area_code, r.capacity_mwp, r.plant_code, r.extract_id,
        least(r.loaded_at, cast(q.last_day + 1 as timestamp) at time zone 'Asia/Ho_Chi_Minh') as as_of
    from (
        select quarter_key, max(date_day) as last_day from {{ ref('dim_date') }}
        where date_day >= date '2025-01-01' group by quarter_key having min(date_day) <= current_date
    ) as q
    inner join {{ ref('dim_renewable_plant') }} as r on r.is_rooftop and r.operating_since_date <= least(q.last_day, current_date)
)

{{ by_commune_and_province('installed', 'quarter', 'sum(capacity_mwp order by plant_code)', '1', scale=1) }}
