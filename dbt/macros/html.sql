{# Text made harmless inside HTML. Boards draw cards from HTML that these models build; every value goes through here. #}
{% macro html(value) -%}
replace(replace(replace(replace(coalesce(cast({{ value }} as varchar), ''), '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;')
{%- endmacro %}

{# A small line chart of a list of numbers, as an image that needs no script: SVG in a data address. Null when there are
   fewer than three points. The width and height are 120 × 28. #}
{% macro sparkline(values, colour) -%}
case when len(list_filter({{ values }}, lambda v: v is not null)) >= 3 then
    'data:image/svg+xml;base64,' || to_base64(encode(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 28" preserveAspectRatio="none"><polyline fill="none" stroke="' || {{ colour }} || '" stroke-width="2" stroke-linejoin="round" points="'
        || array_to_string(list_transform(
            list_filter({{ values }}, lambda v: v is not null),
            lambda v, i: round(2 + 112.0 * (i - 1) / (len(list_filter({{ values }}, lambda x: x is not null)) - 1), 1) || ','
                || round(25 - 22 * coalesce((v - list_min({{ values }})) / nullif(list_max({{ values }}) - list_min({{ values }}), 0), 0.5), 1)
        ), ' ')
        || '"/></svg>'
    ))
end
{%- endmacro %}
