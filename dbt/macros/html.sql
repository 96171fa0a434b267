{# Text made harmless inside HTML. Boards draw cards from HTML that these models build; every value goes through here. #}
{% macro html(value) -%}
replace(replace(replace(replace(coalesce(cast({{ value }} as varchar), ''), '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;')
{%- endmacro %}

{# The corners of a line through a list of numbers without nulls, on a field of 120 × 28, as SVG wants them: `x,y x,y …`.
   A flat line runs through the middle. #}
{% macro svg_points(values) -%}
array_to_string(list_transform(
    list_zip({{ values }}, range(len({{ values }}))),
    lambda p: round(2 + 112.0 * p[2] / (len({{ values }}) - 1), 1) || ','
        || round(25 - 22 * coalesce((p[1] - list_min({{ values }})) / nullif(list_max({{ values }}) - list_min({{ values }}), 0), 0.5), 1)
), ' ')
{%- endmacro %}

{# A small line chart of a list of numbers, as an image that needs no script: SVG in a data address. Null for fewer than
   three numbers. #}
{% macro sparkline(values, colour) -%}
case when len({{ values }}) >= 3 then
    'data:image/svg+xml;base64,' || to_base64(encode(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 28" preserveAspectRatio="none"><polyline fill="none" stroke="' || {{ colour }}
        || '" stroke-width="2" stroke-linejoin="round" points="' || {{ svg_points(values) }} || '"/></svg>'
    ))
end
{%- endmacro %}
