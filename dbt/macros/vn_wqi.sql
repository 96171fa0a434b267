{# Oxygen that water can hold, mg/L, at a temperature in °C (QĐ 1460/QĐ-TCMT): DO in percent = 100·DO/DOsat. #}
{% macro do_saturation_mgl(temperature) -%}
(14.652 - 0.41022 * {{ temperature }} + 0.0079910 * pow({{ temperature }}, 2) - 0.000077774 * pow({{ temperature }}, 3))
{%- endmacro %}

{# Geometric mean of sub-indices, 0 when one is 0. #}
{% macro geometric_mean(x) -%}
pow(product({{ x }}), 1.0 / nullif(count({{ x }}), 0))
{%- endmacro %}
