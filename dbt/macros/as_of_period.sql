{# One observation of the province a month or quarter (`period`) since 2025, as it stood on the period's last day, or today in
   the running one (p.as_of_day): aggregates over the rows of `relation` (alias r) for which `condition` holds on that day. #}
{% macro as_of_period(period, relation, numerator, denominator, condition, scale=100) -%}
with period as (
    select {{ period }}_key as period_key, max(date_day) as last_day, least(max(date_day), current_date) as as_of_day
    from {{ ref('dim_date') }}
    where date_day >= date '2025-01-01'
    group by period_key
    having min(date_day) <= current_date
)

select
    '{{ period }}' as period_kind,
    p.period_key,
    '38' as area_code,
    '' as breakdown,
    cast({{ numerator }} as double) as numerator,
    cast({{ denominator }} as double) as denominator,
    {{ scale }} * cast({{ numerator }} as double) / {{ denominator }} as value,
    least(max(r.loaded_at), cast(p.last_day + 1 as timestamp) at time zone 'Asia/Ho_Chi_Minh') as as_of,
    list_sort(list(distinct r.extract_id)) as extract_ids
from period as p
inner join {{ ref(relation) }} as r on {{ condition }}
group by p.period_key, p.last_day
{%- endmacro %}
