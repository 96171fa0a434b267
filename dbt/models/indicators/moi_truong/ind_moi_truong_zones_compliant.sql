select
    'quarter' as period_kind,
    quarter_key as period_key,
    '38' as area_code,
    '' as breakdown,
    cast(count(*) filter (where is_compliant) as double) as numerator,
    cast(count(*) as double) as denominator,
    100.0 * count(*) filter (where is_compliant) / count(*) as value,
    max(loaded_at) as as_of,
    list_sort(list(distinct extract_id)) as extract_ids
from {{ ref('fct_zone_wastewater_quarter') }}
where is_active
group by quarter_key
