{# Whether a day lies in a season given as MMDD texts, both ends within; one that ends before it begins runs over the new year.
   Without a season every day does. #}
{% macro in_season(day, season_from, season_to) -%}
case
    when {{ season_from }} is null then true
    when {{ season_from }} <= {{ season_to }} then strftime({{ day }}, '%m%d') between {{ season_from }} and {{ season_to }}
    else strftime({{ day }}, '%m%d') >= {{ season_from }} or strftime({{ day }}, '%m%d') <= {{ season_to }}
end
{%- endmacro %}
