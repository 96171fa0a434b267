-- Numeric bounds of classes A–C of QCVN 08:2023 table 2: 6.5-8.5, <=4, >=6. Worded limits (floating litter) have none.
select
    class,
    parameter,
    try_cast(coalesce(
        nullif(regexp_extract(limit_text, '^>=([\d.]+)$', 1), ''),
        nullif(regexp_extract(limit_text, '^([\d.]+)-[\d.]+$', 1), '')
    ) as double) as lowest,
    try_cast(coalesce(
        nullif(regexp_extract(limit_text, '^<=([\d.]+)$', 1), ''),
        nullif(regexp_extract(limit_text, '^[\d.]+-([\d.]+)$', 1), '')
    ) as double) as highest
from {{ ref('seed_qcvn08_2023_river') }}
where class in ('A', 'B', 'C') and (lowest is not null or highest is not null)
