{# An alarm on the boards as one piece of HTML (every value escaped); `w` holds the fixed words of the language. #}
{% macro alarm_html(w) -%}
'<div class="src al al-' || level || '"><span class="src-state">' || icon || ' ' || {{ html('level_vi') }} || '</span><span class="src-title">' || {{ html('object_vi') }} || ': ' || {{ html('value_vi') }}
    || ' <span class="al-limit">({{ w.limit }} ' || {{ html('threshold_vi') }} || ')</span></span><span class="src-age">{{ w.since }} ' || {{ html('opened_vi') }} || '</span>'
    || '<span class="src-owner">' || {{ html('measure_vi') }} || ' · ' || {{ html('state_vi') }} || if(is_made_up, ' · {{ w.made_up }}', '') || if(is_unverified, ' · {{ w.unverified }}', '') || '</span>'
    || case when procedure_vi <> '' then '<span class="al-act">→ ' || {{ html('agency_vi') }} || ': ' || {{ html('procedure_vi') }}
        || case when due_vi <> '' then ' · <b class="' || if(is_overdue, 'is-stale', '') || '">' || if(is_overdue, '{{ w.overdue }} ', '{{ w.due }} ') || {{ html('due_vi') }} || '</b>' else '' end || '</span>' else '' end || '</div>'
{%- endmacro %}

{# What must be done first, as one tile: number, since when, who, what, by when. #}
{% macro action_html(w) -%}
'<div class="act act-' || level || '"><div class="act-no">' || action_no || '</div><div class="act-say"><a class="act-title" href="/danh-muc/#i-' || indicator_code || '">'
    || icon || ' ' || {{ html(w.title) }} || '</a><div class="act-number">' || {{ html('value_vi') }} || ' <span>' || {{ html('bound_vi') }} || ' · {{ w.since }} ' || {{ html('since_vi') }} || '</span></div>'
    || '<div class="act-do"><b>' || {{ html('who_vi') }} || '</b>' || if(what_vi = '', '', ': ' || {{ html('what_vi') }}) || '</div>'
    || case when due_vi <> '' then '<div class="act-due ' || if(is_overdue, 'is-stale', '') || '">' || if(is_overdue, '{{ w.overdue }} ', '{{ w.due }} ') || {{ html('due_vi') }} || '</div>' else '' end || '</div></div>'
{%- endmacro %}
