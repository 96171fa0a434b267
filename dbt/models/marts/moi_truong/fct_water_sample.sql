-- Laboratory results of river samples. KPH (not detected) is neither zero nor missing: it lies between 0 and the detection limit.
with analysed as (
    select
        *,
        upper(trim(result_text)) = 'KPH' as is_below_detection,
        try_cast(replace(replace(result_text, '.', ''), ',', '.') as double) as result
    from {{ ref('stg_sonnmt_moi_truong__mau_nuoc') }}
)

select
    point_code,
    point_name,
    area_code,
    sampled_date,
    parameter,
    result as value,
    is_below_detection,
    detection_limit,
    if(is_below_detection, 0, result) as value_low,
    if(is_below_detection, detection_limit, result) as value_high,
    unit,
    extract_id,
    loaded_at
from analysed
