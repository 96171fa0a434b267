{# The rows of `relation` with `area_code` taken from communes where `count` is of one to four people or households, so that they
   count for the province only. Where one commune of a period would be hidden alone, the province less the others would tell it: the
   smallest of the others is hidden with it. Group the rows again by area afterwards: what is hidden is then one sum. #}
{% macro suppress_small(relation, period, count) -%}
select * exclude (is_small, n_small, place) replace (case when not is_small and not (n_small = 1 and place = 1) then area_code end as area_code)
from (
    select
        *,
        count(*) filter (where is_small) over (partition by {{ period }}) as n_small,
        row_number() over (partition by {{ period }} order by case when area_code is not null and {{ count }} >= 5 then {{ count }} end nulls last, area_code) as place
    from (select *, area_code is not null and {{ count }} > 0 and {{ count }} < 5 as is_small from {{ relation }})
)
{%- endmacro %}
