{{ config(materialized='view') }}
-- Dossiers received and resolved by week, province.
select cast(date_trunc('week', date_day) as date) as week_start_date, sum(n_received) as n_received, sum(n_resolved) as n_resolved
from {{ ref('fct_dossier_day') }}
where date_day >= current_date - 365
group by all
having count(distinct date_day) >= 5
