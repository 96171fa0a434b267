-- The parts of decision 766 whose formula and greatest number of points are known (30 of 100), the province by month:
-- points = ratio × greatest number of points. What is not known is not here.
with part as (
    select 'tien_do' as part_code, 20 as max_points, * from {{ ref('ind_hanh_chinh_cong_on_time') }}
    union all by name
    select 'cong_khai' as part_code, 4 as max_points, * from {{ ref('ind_hanh_chinh_cong_published') }}
    union all by name
    select 'hai_long' as part_code, 6 as max_points, * from {{ ref('ind_hanh_chinh_cong_satisfied') }}
)

select period_key as month_key, part_code, max_points, numerator, denominator, max_points * numerator / denominator as points, as_of, extract_ids
from part
where period_kind = 'month' and area_code = '38' and breakdown = '' and denominator > 0
