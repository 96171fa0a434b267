-- One row a disaster with its risk level in the words of QĐ 18/2021; no level where none was published.
select
    e.event_code,
    e.name as event_name,
    e.kind,
    e.from_date,
    e.to_date,
    e.risk_level,
    l.risk_vi,
    l.colour_vi,
    e.extract_id,
    e.loaded_at
from {{ ref('stg_bchptds_thien_tai__su_kien') }} as e
left join {{ ref('seed_disaster_risk_level') }} as l using (risk_level)
