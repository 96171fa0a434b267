{{ config(tags=['always']) }}
-- The last 50 pulls of every source, good or bad.
select * from ops.pull qualify row_number() over (partition by source_id order by started_at desc) <= 50
