{# Oxygen that water can hold, mg/L, at a temperature in °C (QĐ 1460/QĐ-TCMT): DO in percent = 100·DO/DOsat. #}
{% macro do_saturation_mgl(temperature) -%}
(14.652 - 0.41022 * {{ temperature }} + 0.0079910 * pow({{ temperature }}, 2) - 0.000077774 * pow({{ temperature }}, 3))
{%- endmacro %}

{# Geometric mean of the sub-indices of one group, taken in a fixed order; null without any. #}
{% macro geometric_mean(x, ordered_by, where) -%}
pow(
    product({{ x }} order by {{ ordered_by }}) filter (where {{ where }}), 1.0 / nullif(count({{ x }}) filter (where {{ where }}), 0)
)
{%- endmacro %}
