-- Sums run in the order of the source's codes, so that shuffled rows give the same bits.
with sold as (
    select month_key, area_code, area_code as source_code, customer_group, kwh, false as is_re_estimated, extract_id, loaded_at
    from {{ ref('stg_pcthanhhoa_dien__dien_tt') }}
    union all
    select o.month_key, b.new_code, o.source_area_code, o.customer_group, o.kwh * b.weight, b.is_split, o.extract_id, o.loaded_at
    from {{ ref('stg_pcthanhhoa_dien__dien_tt_cu') }} as o
    inner join {{ ref('bridge_area_old_new') }} as b on o.source_area_code = b.old_code
)

select
    month_key, area_code, customer_group, sum(kwh order by source_code) as kwh, bool_or(is_re_estimated) as is_re_estimated,
    max(extract_id) as extract_id, max(loaded_at) as loaded_at
from sold
group by month_key, area_code, customer_group
