-- PAPI scores of Thanh Hóa (P26), a row a year and sub-dimension. Real data (CECODES/UNDP); empty without IOC_OPEN_DATA.
select score_year, province_code, criterion_code, cast(score as double) as score, extract_id, loaded_at
from {{ ref('stg_cecodes_papi__diem') }}
where province_code = 'P26'
