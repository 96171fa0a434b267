-- Water that a licensed work took in a day against the licence in force on it. Days without a report have no row.
select
    q.licence_code,
    l.name as work_name,
    l.area_code,
    l.water_source,
    q.taken_date,
    q.taken_m3,
    l.licensed_m3,
    q.taken_m3 > l.licensed_m3 as is_over_licence,
    greatest(q.loaded_at, l.loaded_at) as loaded_at,
    list_sort(list_distinct([q.extract_id, l.extract_id])) as extract_ids
from {{ ref('stg_sonnmt_khoang_san_nuoc__q_tnn') }} as q
inner join {{ ref('stg_sonnmt_khoang_san_nuoc__gp_tnn') }} as l
    on q.licence_code = l.licence_code and q.taken_date between l.from_date and coalesce(l.to_date, date '9999-12-31')
