{{ config(materialized='view') }}
-- Dossiers received and resolved by week, province.
select cast(date_trunc('week', date_day) as date) as week_start_date, cast(sum(n_received) as bigint) as n_received, cast(sum(n_resolved) as bigint) as n_resolved
from {{ ref('fct_dossier_day') }}
where date_day >= current_date - 365
group by all
having count(distinct date_day) >= 5
