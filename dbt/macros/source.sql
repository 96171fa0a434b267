{# A source on the boards as one piece of HTML (every value escaped); `numbers` writes a count in the language. #}
{% macro source_html(title, state, age, cadence, numbers, loaded, quarantined, reason) -%}
'<div class="src src-' || state || '"><span class="src-state">' || state_icon || ' ' || {{ state }} || '</span><span class="src-title">' || {{ html(title) }} || '</span>'
    || '<span class="src-owner">' || {{ html('owner_vi') }} || ' · ' || {{ html(cadence) }} || '</span><span class="src-age">' || case when state = 'bo_qua' then '' else {{ age }} end || '</span>'
    || '<span class="src-rows">' || case when rows_in > 0 then {{ numbers('rows_loaded') }} || ' {{ loaded }} · ' || {{ numbers('quarantined_open') }} || ' {{ quarantined }}' else '' end || '</span>'
    || case when reason_vi <> '' then '<span class="src-why">' || {{ html(reason) }} || '</span>' else '' end || '</div>'
{%- endmacro %}

{% macro vi_count(column) -%}{{ vi_number(column, '0') }}{%- endmacro %}

{% macro en_count(column) -%}{{ en_number(vi_number(column, '0')) }}{%- endmacro %}
