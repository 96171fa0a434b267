-- Dossiers received and resolved each day, a row a day and commune.
with received as (
    select submitted_day as day_key, area_code, count(*) as n_received, count(*) filter (where is_online) as n_online
    from {{ ref('fct_dossier') }}
    group by all
),

resolved as (
    select resolved_day as day_key, area_code, count(*) as n_resolved, count(*) filter (where is_on_time) as n_on_time
    from {{ ref('fct_dossier') }}
    where is_resolved
    group by all
)

select
    strptime(day_key, '%Y%m%d')::date as date_day,
    area_code,
    coalesce(n_received, 0) as n_received,
    coalesce(n_online, 0) as n_online,
    coalesce(n_resolved, 0) as n_resolved,
    coalesce(n_on_time, 0) as n_on_time
from received
full join resolved using (day_key, area_code)
where day_key is not null
