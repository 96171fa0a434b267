-- Sums run in the order of the source's codes, so that shuffled rows give the same bits.
with former as (
    {{ on_todays_map(ref('stg_pcthanhhoa_dien__dien_tt_cu'), ['kwh'], ['month_key', 'customer_group', 'extract_id', 'loaded_at']) }}
),

sold as (
    select area_code, false as is_re_estimated, area_code as source_code, month_key, customer_group, extract_id, loaded_at, kwh
    from {{ ref('stg_pcthanhhoa_dien__dien_tt') }}
    union all by name
    select * from former
)

select
    month_key, area_code, customer_group, sum(kwh order by source_code) as kwh, bool_or(is_re_estimated) as is_re_estimated,
    max(extract_id) as extract_id, max(loaded_at) as loaded_at
from sold
group by month_key, area_code, customer_group
