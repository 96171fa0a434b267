{{ config(materialized='view') }}
-- Communes by dossiers on time in the newest month, worst first (at least 20 dossiers).
select area_name, round(value, 1) as on_time_pct, cast(denominator as bigint) as n_resolved
from {{ ref('mart_indicator_card') }}
where indicator_code = 'DX02' and area_code <> '38' and denominator >= 20
