{# A card as one piece of HTML from the columns of `card` in models/serving/board_card.sql; every value is escaped. `w` holds the
   fixed words of the language and the names of its columns. #}
{% macro card_html(w) -%}
'<div class="card card-' || status || '">'
    || '<div class="card-top"><span class="card-status">' || status_icon || ' ' || {{ w.status }} || '</span><span class="card-code">' || indicator_code || '</span></div>'
    || '<a class="card-title" href="/danh-muc/#i-' || indicator_code || '">' || {{ html(w.title) }} || '</a>'
    || '<div class="card-number"><span class="card-value value-' || indicator_code || '">' || {{ w.value }} || '</span><span class="card-unit">' || {{ html(w.unit) }} || '</span>'
    || '<span class="card-deltas">' || case when delta_vi <> '' then '<span class="card-delta delta-' || delta_kind || '">' || {{ w.delta }} || '</span>' else '' end
    || case when delta_year_vi <> '' then '<span class="card-year">' || {{ w.year }} || '</span>' else '' end || '</span></div>'
    || coalesce('<img class="card-spark" alt="" src="' || {{ sparkline('line', 'colour') }} || '">', '<div class="card-spark"></div>')
    || '<div class="card-line"><b>{{ w.target_word }} ' || {{ html(w.target) }} || '</b>' || case when target_vi <> 'chưa có chuẩn' and unit = '%' then ' %' else '' end
    || ' · ' || {{ w.period }} || '</div>'
    || '<div class="card-line card-why" title="' || {{ html('reason_vi') }} || '">' || case when status in ('chu_y', 'khong_dat') and since_vi <> '' then '{{ w.since_word }} ' || {{ w.since }} else {{ html(w.reason) }} end || '</div>'
    || '<div class="card-line">' || case when acts_vi <> '' then '<span class="card-act" title="' || {{ html('acts_vi') }} || '">→ ' || {{ html('acts_who_vi') }} || ' · {{ w.due_word }} ' || {{ html(w.due) }} || '</span>'
    else '<span class="card-owner" title="' || {{ html('sources_vi') }} || '">{{ w.owner_word }} ' || {{ html('owner_vi') }} || '</span>' end || '</div>'
    || '<div class="card-foot"><span class="' || if(is_stale, 'is-stale', 'is-fresh') || '">' || if(is_stale, '{{ w.late_word }} ', '') || {{ w.age }} || '</span>'
    || case when is_held then ' <span class="tag" title="' || {{ html('held_vi') }} || '">{{ w.held_word }}</span>' else '' end
    || case when is_made_up then ' <span class="tag">{{ w.made_up_word }}</span>' else '' end
    || case when is_unverified then ' <span class="tag">{{ w.unverified_word }}</span>' else '' end || '</div>'
    || '<div class="card-foot card-grades">{{ w.grades[0] }} ' || {{ grade('grade_valid') }} || ' · {{ w.grades[1] }} ' || {{ grade('grade_complete') }}
    || ' · {{ w.grades[2] }} ' || {{ grade('grade_clean') }} || ' · {{ w.grades[3] }} ' || {{ grade('grade_live') }} || '</div></div>'
{%- endmacro %}

{% macro grade(column) -%}
coalesce(cast(cast({{ column }} as integer) as varchar), '–')
{%- endmacro %}
