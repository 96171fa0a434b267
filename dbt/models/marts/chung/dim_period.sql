-- Keys as ingestion writes them (columns of format `period`): YYYYMM, YYYYQ, YYYY, and YYYY-6T, YYYY-9T, which are cumulative.
-- `year_to_month` is luỹ kế to the end of a month: it shares the month's key and never adds up with another.
with month as (
    select
        cast(min(date_day) as date) as first_date, cast(max(date_day) as date) as last_date, month_key, year_key,
        cast(year_key as integer) as y, cast(right(month_key, 2) as integer) as m
    from {{ ref('dim_date') }}
    group by month_key, year_key
),

period as (
    select 'month' as period_kind, month_key as period_key, year_key, y, first_date, last_date, 1 as n_months, false as is_cumulative,
        'tháng ' || m || '/' || y as title_vi, strftime(first_date, '%B %Y') as title_en,
        strftime(first_date - interval 1 month, '%Y%m') as previous_key, (y - 1) || right(month_key, 2) as year_ago_key
    from month
    union all
    select 'quarter', year_key || (m // 3), year_key, y, cast(first_date - interval 2 month as date), last_date, 3, false,
        'quý ' || ['I', 'II', 'III', 'IV'][m // 3] || '/' || y, 'Q' || (m // 3) || ' ' || y,
        case m when 3 then (y - 1) || '4' else year_key || (m // 3 - 1) end, (y - 1) || (m // 3)
    from month where m % 3 = 0
    union all
    select if(m = 6, 'half', 'nine_months'), year_key || if(m = 6, '-6T', '-9T'), year_key, y, make_date(y, 1, 1), last_date, m, true,
        m || ' tháng đầu năm ' || y, 'first ' || m || ' months of ' || y, (y - 1) || if(m = 6, '-6T', '-9T'), (y - 1) || if(m = 6, '-6T', '-9T')
    from month where m in (6, 9)
    union all
    select 'year', year_key as period_key, year_key, y, make_date(y, 1, 1), last_date, 12, false, 'năm ' || y, 'year ' || y, cast(y - 1 as varchar), cast(y - 1 as varchar)
    from month where m = 12
    union all
    select 'year_to_month', month_key, year_key, y, make_date(y, 1, 1), last_date, m, true,
        'lũy kế đến hết tháng ' || m || '/' || y, 'year to end of ' || strftime(first_date, '%B %Y'), (y - 1) || right(month_key, 2), (y - 1) || right(month_key, 2)
    from month
)

select
    period_kind, period_key, year_key, first_date, last_date, cast(n_months as bigint) as n_months, is_cumulative, title_vi, title_en, previous_key, year_ago_key
from period
