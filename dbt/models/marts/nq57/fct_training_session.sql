-- One row a session. Attendances are people in sessions: one person in two sessions counts twice.
select session_code, session_name, case kind when 'Chuyên sâu' then 'specialist' else 'general' end as kind, held_date, agency_name, attendances, extract_id, loaded_at
from {{ ref('stg_sokhcn_ai__tap_huan') }}
