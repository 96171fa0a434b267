{{ config(materialized='view') }}
-- The strip of sources of the home board, late ones first (every value escaped).
select
    source_id, state_order,
    '<div class="src src-' || state || '"><span class="src-state">' || state_icon || ' ' || state_vi || '</span><span class="src-title">' || {{ html('title_vi') }} || '</span>'
    || '<span class="src-owner">' || {{ html('owner_vi') }} || ' · ' || {{ html('cadence_vi') }} || '</span><span class="src-age">' || case when state = 'bo_qua' then '' else age_vi end || '</span>'
    || '<span class="src-rows">' || case when rows_in > 0 then {{ vi_number('rows_loaded', '0') }} || ' dòng nạp · ' || {{ vi_number('quarantined_open', '0') }} || ' cách ly' else '' end || '</span>'
    || case when reason_vi <> '' then '<span class="src-why">' || {{ html('reason_vi') }} || '</span>' else '' end || '</div>' as source_html
from {{ ref('source_now') }}
