with held as (
    select
        *,
        strftime({{ local_day('issued_at') }}, '%Y%m%d') as period_key,
        received_at as as_of
    from {{ ref('fct_alarm_receipt') }}
    where lead_minutes is not null
)

{{ by_commune_and_province('held', 'day', 'sum(lead_minutes)', 'count(*)', scale=1) }}
