select
    'year' as period_kind,
    cast(figure_year as varchar) as period_key,
    '38' as area_code,
    '' as breakdown,
    cast(rank_no as double) as numerator,
    cast(1 as double) as denominator,
    cast(rank_no as double) as value,
    loaded_at as as_of,
    [extract_id] as extract_ids
from {{ ref('fct_published_figure') }}
where indicator_code = 'DX01' and is_ours and rank_no is not null
