-- Central waste-water treatment of an industrial zone in a quarter. A zone without a plant does not comply.
select
    quarter_key,
    zone_code,
    zone_name,
    is_active,
    has_plant,
    capacity_m3,
    result,
    has_plant and coalesce(result = 'Đạt', false) as is_compliant,
    extract_id,
    loaded_at
from {{ ref('stg_sonnmt_moi_truong__kcn_nuoc_thai') }}
