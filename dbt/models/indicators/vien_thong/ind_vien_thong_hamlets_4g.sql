with hamlet as (
    select *, quarter_key as period_key, least(loaded_at, cast(make_date(cast(left(quarter_key, 4) as bigint), 3 * cast(right(quarter_key, 1) as bigint), 1) + interval 1 month as timestamp) at time zone 'Asia/Ho_Chi_Minh') as as_of from {{ ref('fct_hamlet_quarter') }}
)

{{ by_commune_and_province('hamlet', 'quarter', 'count(*) filter (where has_4g)', 'count(*)') }}
