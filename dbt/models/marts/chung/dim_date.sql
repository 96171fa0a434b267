-- Days from 2011 to the end of next year, with the period keys of indicators.
select
    cast(d as date) as date_day,
    strftime(d, '%Y%m%d') as day_key,
    strftime(d, '%Y%m') as month_key,
    strftime(d, '%Y') || quarter(d) as quarter_key,
    strftime(d, '%Y') as year_key,
    isodow(d) < 6 as is_weekday,
    strftime(d, '%d/%m/%Y') as date_vi
from generate_series(timestamp '2011-01-01', date_trunc('year', current_timestamp::timestamp) + interval 2 year - interval 1 day, interval 1 day) as t (d)
