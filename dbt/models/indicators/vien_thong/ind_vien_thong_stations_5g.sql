with station as (
    select
        q.quarter_key as period_key, b.area_code, b.extract_id,
        least(b.loaded_at, cast(q.last_day + 1 as timestamp) at time zone 'Asia/Ho_Chi_Minh') as as_of
    from (
        select quarter_key, max(date_day) as last_day from {{ ref('dim_date') }}
        where date_day >= date '2025-01-01' group by quarter_key having min(date_day) <= current_date
    ) as q
    inner join {{ ref('dim_base_station') }} as b on b.technology = '5G' and b.on_air_date <= least(q.last_day, current_date)
)

{{ by_commune_and_province('station', 'quarter', 'count(*)', '1', scale=1) }}
