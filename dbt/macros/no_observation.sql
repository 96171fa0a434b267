{# The SQL half of a blocked pair: the nine columns of an observation and no row. #}
{% macro no_observation() -%}
select
    cast(null as varchar) as period_kind,
    cast(null as varchar) as period_key,
    cast(null as varchar) as area_code,
    cast(null as varchar) as breakdown,
    cast(null as double) as numerator,
    cast(null as double) as denominator,
    cast(null as double) as value,
    cast(null as timestamptz) as as_of,
    cast(null as varchar[]) as extract_ids
where false
{%- endmacro %}
