with alert as (
    select
        *, opened_at at time zone 'Asia/Ho_Chi_Minh' as local_time,
        coalesce(handled_at < opened_at, false) as is_impossible
    from {{ ref('stg_lasuco_mia__mia_cb') }}
),

placed as (
    select *, year(local_time) - if(month(local_time) >= 7, 0, 1) as first_year from alert
)

select
    a.alert_code, a.plot_code, p.season, strftime(a.local_time, '%Y%m') as month_key, p.area_code, p.area_ha, a.kind, a.pest_code, a.level, a.confidence, a.opened_at,
    a.handled_at, if(a.is_impossible, null, date_diff('minute', a.opened_at, a.handled_at) / 60.0) as hours_to_handle, a.kind <> 'dinh_duong' as is_pest,
    a.is_impossible, a.extract_id, a.loaded_at
from placed as a
left join {{ ref('dim_cane_plot') }} as p on a.plot_code = p.plot_code and p.season = a.first_year || '-' || (a.first_year + 1)
