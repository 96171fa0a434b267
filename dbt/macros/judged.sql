{# The status of a value against its norms (structs with value and value_max, or null), its age not judged: khong_du without a
   value, khong_chuan without a norm, khong_dat beyond the alarm, chu_y short of the watch or the target, else dat. #}
{% macro judged(value, direction, target, watch, alarm) -%}
case
    when {{ value }} is null then 'khong_du'
    when {{ target }} is null and {{ watch }} is null and {{ alarm }} is null then 'khong_chuan'
    when {{ direction }} = 'up' and {{ value }} < {{ alarm }}.value then 'khong_dat'
    when {{ direction }} = 'up' and ({{ value }} < {{ watch }}.value or {{ value }} < {{ target }}.value) then 'chu_y'
    when {{ direction }} = 'down' and {{ value }} > {{ alarm }}.value then 'khong_dat'
    when {{ direction }} = 'down' and ({{ value }} > {{ watch }}.value or {{ value }} > {{ target }}.value) then 'chu_y'
    when {{ direction }} = 'band' and ({{ value }} < {{ alarm }}.value or {{ value }} > {{ alarm }}.value_max) then 'khong_dat'
    when {{ direction }} = 'band' and ({{ value }} < {{ watch }}.value or {{ value }} > {{ watch }}.value_max) then 'chu_y'
    when {{ direction }} = 'band' and ({{ value }} < {{ target }}.value or {{ value }} > {{ target }}.value_max) then 'chu_y'
    else 'dat'
end
{%- endmacro %}
