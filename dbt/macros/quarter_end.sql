{# The moment at which the quarter of `quarter_key` (YYYYQ) is over, in Vietnam's time. #}
{% macro quarter_end() -%}
cast(make_date(cast(left(quarter_key, 4) as bigint), 3 * cast(right(quarter_key, 1) as bigint), 1) + interval 1 month as timestamp) at time zone 'Asia/Ho_Chi_Minh'
{%- endmacro %}
