{{ config(materialized='view') }}
-- Every indicator along time, for charts: the province and communes, without breakdowns; `target` is the norm in force on the period's
-- first day.
select
    o.indicator_code, i.title_vi, i.title_en, i.unit, o.area_code, coalesce(a.area_name, '') as area_name, o.period_kind,
    {{ period_start('o.period_kind', 'o.period_key') }} as period_start, o.value, o.numerator, o.denominator,
    max(n.value) as target
from {{ ref('obs_indicator') }} as o
inner join {{ ref('indicator') }} as i on o.indicator_code = i.indicator_code and o.period_kind = i.period_kind
left join {{ ref('dim_area') }} as a on o.area_code = a.area_code and a.is_current
left join {{ ref('norm') }} as n
    on o.indicator_code = n.indicator_code and n.level = 'target' and n.valid_from <= {{ period_start('o.period_kind', 'o.period_key') }}
    and (n.valid_to is null or n.valid_to >= {{ period_start('o.period_kind', 'o.period_key') }}) and n.season_from is null
where o.breakdown = '' and o.value is not null
group by all
