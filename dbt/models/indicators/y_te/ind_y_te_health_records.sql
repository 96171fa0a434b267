with coverage as (
    select *, month_key as period_key, least(loaded_at, cast(strptime(month_key, '%Y%m') + interval 1 month as timestamp) at time zone 'Asia/Ho_Chi_Minh') as as_of
    from {{ ref('fct_health_coverage_month') }}
)

{{ by_commune_and_province('coverage', 'month', 'sum(records)', 'sum(people)', 'records is not null', extracts='list_distinct(list(people_extract_id) || list(records_extract_id))') }}
