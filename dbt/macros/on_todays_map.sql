{# Rows of `relation` (a ref or a CTE) keyed by communes (`code`), on the map of today. Where `is_old` holds the code is read as of
   before 2025-07-01 and each measure is shared out by the weights of bridge_area_old_new; elsewhere it is today's. Totals stay: a
   code that is on neither map keeps its measures without a commune. Gives area_code, is_re_estimated (shared out from a split
   commune), `source_code`, and the columns `keep`. Where a row is one place (a school) nothing can be shared out: use
   int_area__resolved. #}
{% macro on_todays_map(relation, measures, keep=[], code='source_area_code', is_old='true') -%}
select
    coalesce(b.new_code, today.area_code) as area_code,
    coalesce(b.is_split, false) as is_re_estimated,
    o.{{ code }} as source_code,
    {%- for column in keep %}
    o.{{ column }},
    {%- endfor %}
    {%- for measure in measures %}
    o.{{ measure }} * coalesce(b.weight, 1) as {{ measure }}{{ ',' if not loop.last }}
    {%- endfor %}
from {{ relation }} as o
left join {{ ref('bridge_area_old_new') }} as b on {{ is_old }} and o.{{ code }} = b.old_code
left join {{ ref('int_area__resolved') }} as today on not ({{ is_old }}) and today.era = 'since_2025_07' and o.{{ code }} = today.source_code
{%- endmacro %}
