{{ config(materialized='view') }}
-- The status line of the home board as one piece of HTML (every value escaped); the sanitiser of the boards checks it again.
select
    '<div class="st st-' || status || '"><div class="st-word">' || status_icon || ' ' || status_vi || '</div><div class="st-say"><div class="st-sentence">' || {{ html('sentence_vi') }} || '</div>'
    || '<div class="st-build">Bản dựng <b>' || {{ html('build_id') }} || '</b> · chốt lúc ' || built_vi
    || ' · <span class="n-red">■ ' || n_red || ' không đạt</span> · <span class="n-yellow">▲ ' || n_yellow || ' cần chú ý</span> · <span class="n-green">● ' || n_green || ' đạt</span> · ○ ' || n_unknown || ' chưa đủ căn cứ</div></div>'
    || case when made_up_vi <> '' then '<div class="st-demo">' || made_up_vi || '</div>' else '' end || '</div>' as status_html
from {{ ref('province_status') }}
