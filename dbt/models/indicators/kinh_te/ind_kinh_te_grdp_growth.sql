-- Growth as published: whole years by year, the first nine months by their last quarter. As an index, the year before is 100.
select
    case indicator_code when 'DT04' then 'year' else 'quarter' end as period_kind,
    figure_year || case indicator_code when 'DT04' then '' else '3' end as period_key,
    '38' as area_code,
    '' as breakdown,
    cast(100 + score as double) as numerator,
    cast(100 as double) as denominator,
    cast(score as double) as value,
    least(loaded_at, cast(make_date(cast(figure_year as bigint), case indicator_code when 'DT04' then 12 else 9 end, 1) + interval 1 month as timestamp) at time zone 'Asia/Ho_Chi_Minh') as as_of,
    [extract_id] as extract_ids
from {{ ref('fct_published_figure') }}
where indicator_code in ('DT04', 'DT04_9T') and is_ours and score is not null
