{# One observation a commune and one for the province from rows of communes: the same numerators and denominators summed
   twice, so that communes sum to the province. Rows without a commune count for the province only. The value is their ratio,
   or the aggregate `value`. #}
{% macro by_commune_and_province(relation, period_kind, numerator, denominator, where='true', scale=100, value=none, extracts='list(distinct extract_id)') -%}
select
    '{{ period_kind }}' as period_kind,
    period_key,
    case when grouping(area_code) = 1 then '38' else area_code end as area_code,
    '' as breakdown,
    cast({{ numerator }} as double) as numerator,
    cast({{ denominator }} as double) as denominator,
    {% if value %}cast({{ value }} as double){% else %}{{ scale }} * cast({{ numerator }} as double) / nullif({{ denominator }}, 0){% endif %} as value,
    max(as_of) as as_of,
    list_sort({{ extracts }}) as extract_ids
from {{ relation }}
where {{ where }}
group by grouping sets ((period_key, area_code), (period_key))
having {{ denominator }} > 0 and (grouping(area_code) = 1 or area_code is not null)
{%- endmacro %}
