{{ config(materialized='view') }}
-- The strip of sources, late ones first, one HTML piece each in both languages (every value escaped).
select
    source_id, state_order,
    {{ source_html('title_vi', 'state_vi', 'age_vi', 'cadence_vi', vi_count, 'dòng nạp', 'cách ly', 'reason_vi') }} as source_html,
    {{ source_html('title_en', "case state when 'dung_hen' then 'on time' when 'cham' then 'late' when 'loi' then 'failed' when 'bo_qua' then 'skipped' else 'no figures yet' end", en_words('age_vi'), en_words("replace(cadence_vi, 'mỗi', 'every')"), en_count, 'rows loaded', 'quarantined', "replace(reason_vi, 'quá hạn cam kết', 'past its promise')") }} as source_en_html
from {{ ref('source_now') }}
