{{ config(tags=['always']) }}
-- Open quarantined rows of each source and rule; counts only, no value of any row.
select source_id, count(*) as n_open
from quarantine.row
where status = 'open'
group by source_id
