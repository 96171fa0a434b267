with equipped as (
    select
        q.quarter_key as period_key, z.area_code, z.zone_code, z.area_ha, z.extract_id,
        least(z.loaded_at, cast(q.last_day + 1 as timestamp) at time zone 'Asia/Ho_Chi_Minh') as as_of
    from (
        select quarter_key, max(date_day) as last_day from {{ ref('dim_date') }}
        where date_day >= date '2025-01-01' group by quarter_key having min(date_day) <= current_date
    ) as q
    inner join {{ ref('dim_farm_zone') }} as z
        on exists (
            select 1 from {{ ref('dim_sensor') }} as d
            where d.zone_code = z.zone_code and d.installed_date <= q.last_day and coalesce(d.removed_date, date '9999-12-31') > q.last_day
        )
)

{{ by_commune_and_province('equipped', 'quarter', 'sum(area_ha order by zone_code)', '1', scale=1) }}
