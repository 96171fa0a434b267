-- Scores and ranks that somebody else published, as the source cited in each row gives them. Real; nothing is computed.
select indicator_code, figure_name, figure_year, scope, scope = 'Thanh Hóa' as is_ours, score, rank_no, unit, source_ref, verified_mark, extract_id, loaded_at
from {{ ref('stg_vpubnd_cong_bo__cong_bo') }}
