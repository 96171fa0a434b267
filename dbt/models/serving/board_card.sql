{{ config(materialized='view') }}
-- The cards of the home board, one HTML piece each, worst first (every value escaped).
with card as (
    select *, list_filter(spark, lambda v: v is not null) as line, case status when 'dat' then '#1a7f4e' when 'chu_y' then '#b26a00' when 'khong_dat' then '#b3261e' else '#5f6b7a' end as colour
    from {{ ref('card_now') }}
    where area_code = '38' and home_order is not null
)

select
    indicator_code, home_order, status_order,
    '<div class="card card-' || status || '">'
    || '<div class="card-top"><span class="card-status">' || status_icon || ' ' || status_vi || '</span><span class="card-code">' || indicator_code || '</span></div>'
    || '<div class="card-title">' || {{ html('title_vi') }} || '</div>'
    || '<div class="card-number"><span class="card-value value-' || indicator_code || '">' || value_vi || '</span><span class="card-unit">' || {{ html('unit') }} || '</span>'
    || case when delta_vi <> '' then '<span class="card-delta delta-' || delta_kind || '">' || delta_vi || '</span>' else '' end || '</div>'
    || coalesce('<img class="card-spark" src="' || {{ sparkline('line', 'colour') }} || '">', '<div class="card-spark"></div>')
    || '<div class="card-line"><b>Mục tiêu ' || {{ html('target_vi') }} || '</b>' || case when target_vi <> 'chưa có chuẩn' and unit = '%' then ' %' else '' end || ' · ' || period_vi || '</div>'
    || '<div class="card-line">' || case when acts_vi <> '' then '<span class="card-act" title="' || {{ html('acts_vi') }} || '">→ ' || {{ html('acts_who_vi') }} || '</span>' else {{ html('reason_vi') }} end || '</div>'
    || '<div class="card-line card-owner" title="' || {{ html('sources_vi') }} || '">Đầu mối: ' || {{ html('owner_vi') }} || '</div>'
    || '<div class="card-foot"><span class="' || case when is_stale then 'is-stale' else 'is-fresh' end || '">' || case when is_stale then 'chậm ' else 'cách đây ' end || age_vi || '</span> · chất lượng ' || cast(quality_score as integer)
    || case when is_held then ' · <span class="tag" title="' || {{ html('held_vi') }} || '">giữ số bản trước</span>' else '' end
    || case when is_made_up then ' · <span class="tag">minh họa</span>' else '' end
    || case when is_unverified then ' · <span class="tag">chưa kiểm chứng</span>' else '' end
    || '</div></div>' as card_html
from card
