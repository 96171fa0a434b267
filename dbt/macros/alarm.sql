{# Alarm level 0-3 of a river from metres alone: bulletins' words have been wrong (Giàng 5.43 m was printed as “above BĐ2”,
   which is 5.5 m). A missing threshold is never reached; without any threshold the level is unknown, not 0. #}
{% macro alarm_level(level_m, bd1_m, bd2_m, bd3_m) -%}
case
    when {{ level_m }} is null or coalesce({{ bd1_m }}, {{ bd2_m }}, {{ bd3_m }}) is null then null
    when {{ level_m }} >= {{ bd3_m }} then 3
    when {{ level_m }} >= {{ bd2_m }} then 2
    when {{ level_m }} >= {{ bd1_m }} then 1
    else 0
end
{%- endmacro %}

{# Local (GMT+7) period keys of an instant. #}
{% macro hour_key(instant) -%}
strftime({{ instant }} at time zone 'Asia/Ho_Chi_Minh', '%Y%m%d%H')
{%- endmacro %}

{% macro local_day(instant) -%}
cast({{ instant }} at time zone 'Asia/Ho_Chi_Minh' as date)
{%- endmacro %}

{# One sorted list of distinct extract ids from many lists. #}
{% macro merge_extracts(lists) -%}
list_sort(list_distinct(flatten(list({{ lists }}))))
{%- endmacro %}
