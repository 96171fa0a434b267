{# One observation of the province a day since 2025: `value` (an aggregate) over the rows of `relation` (alias r) for which
   `condition` holds on that day (alias d). Days without such rows give none. #}
{% macro as_of_day(relation, value, condition) -%}
select
    'day' as period_kind,
    d.day_key as period_key,
    '38' as area_code,
    '' as breakdown,
    cast({{ value }} as double) as numerator,
    cast(1 as double) as denominator,
    cast({{ value }} as double) as value,
    least(max(r.loaded_at), cast(d.date_day + 1 as timestamp) at time zone 'Asia/Ho_Chi_Minh') as as_of,
    list_sort(list(distinct r.extract_id)) as extract_ids
from {{ ref('dim_date') }} as d
inner join {{ ref(relation) }} as r on {{ condition }}
where d.date_day between date '2025-01-01' and current_date
group by d.date_day, d.day_key
{%- endmacro %}
