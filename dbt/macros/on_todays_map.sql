{# Rows of `relation`, keyed by old communes (`code`), on the map of today: each measure is shared out by the weights of
   bridge_area_old_new, so that totals stay. Gives area_code, is_re_estimated (some old commune was split), `source_code`, and
   the columns `keep`. Where a row is one place (a school) nothing can be shared out: use int_area__resolved. #}
{% macro on_todays_map(relation, measures, keep=[], code='source_area_code') -%}
select
    b.new_code as area_code,
    b.is_split as is_re_estimated,
    o.{{ code }} as source_code,
    {%- for column in keep %}
    o.{{ column }},
    {%- endfor %}
    {%- for measure in measures %}
    o.{{ measure }} * b.weight as {{ measure }}{{ ',' if not loop.last }}
    {%- endfor %}
from {{ ref(relation) }} as o
inner join {{ ref('bridge_area_old_new') }} as b on o.{{ code }} = b.old_code
{%- endmacro %}
