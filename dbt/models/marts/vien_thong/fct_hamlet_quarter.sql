-- Until June 2025 hamlets stand under the communes of then. One whose commune was split is placed where it stands in the first
-- later quarter; until such a quarter comes it counts for the province alone.
select
    hamlet_code, quarter_key,
    coalesce(
        area_code, first_value(area_code ignore nulls) over (partition by hamlet_code order by quarter_key rows between current row and unbounded following)
    ) as area_code,
    has_4g, has_5g, has_fibre, has_power, extract_id, loaded_at
from {{ ref('stg_sokhcn_vien_thong__vt_thon') }}
