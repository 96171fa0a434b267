{# A schema is called what the project says, without the target's name before it. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
{{ custom_schema_name or target.schema }}
{%- endmacro %}

{# The lineage columns that every staging model keeps. #}
{% macro lineage() -%}
_extract_id as extract_id,
    _loaded_at as loaded_at
{%- endmacro %}
