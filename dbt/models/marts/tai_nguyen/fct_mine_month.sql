-- A mine's running total since January, which starts anew each year, and what it took in the months since the last report. A
-- total that falls within a year is an error of the report: no output is made of it.
with reported as (
    select
        m.licence_code,
        l.name as mine_name,
        l.kind,
        l.area_code,
        l.licensed_m3,
        m.month_key,
        substr(m.month_key, 1, 4) as year_key,
        m.cumulative_m3,
        lag(m.cumulative_m3) over a_year as before_m3,
        cast(substr(m.month_key, 5) as integer)
        - coalesce(cast(substr(lag(m.month_key) over a_year, 5) as integer), 0) as n_months,
        greatest(m.loaded_at, l.loaded_at) as loaded_at,
        list_sort(list_distinct([m.extract_id, l.extract_id])) as extract_ids
    from {{ ref('stg_sonnmt_khoang_san_nuoc__sl_mo') }} as m
    inner join {{ ref('stg_sonnmt_khoang_san_nuoc__mo_ks') }} as l using (licence_code)
    window a_year as (partition by m.licence_code, substr(m.month_key, 1, 4) order by m.month_key)
)

select
    licence_code,
    mine_name,
    kind,
    area_code,
    licensed_m3,
    month_key,
    year_key,
    cumulative_m3,
    n_months,
    coalesce(cumulative_m3 < before_m3, false) as is_falling,
    case when not is_falling then cumulative_m3 - coalesce(before_m3, 0) end as output_m3,
    cumulative_m3 > licensed_m3 as is_over_licence,
    loaded_at,
    extract_ids
from reported
