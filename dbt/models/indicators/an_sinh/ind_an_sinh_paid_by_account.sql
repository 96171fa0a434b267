with paid as (
    select *, month_key as period_key, least(loaded_at, cast(strptime(month_key, '%Y%m') + interval 1 month as timestamp) at time zone 'Asia/Ho_Chi_Minh') as as_of
    from {{ ref('fct_benefit_month') }}
)

{{ by_commune_and_province('paid', 'month', 'sum(account_vnd)', 'sum(amount_vnd)', extracts='list_distinct(list(extract_id) || list(register_extract_id) filter (where register_extract_id is not null))') }}
