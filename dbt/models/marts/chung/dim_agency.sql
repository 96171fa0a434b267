-- Agencies that receive dossiers, by their H56 code (QCVN 102:2016/BTTTT).
select agency_code, agency_name, case agency_level when 'tinh' then 'province' else 'commune' end as agency_level, area_code
from {{ ref('stg_ttpvhcc_mot_cua__don_vi') }}
