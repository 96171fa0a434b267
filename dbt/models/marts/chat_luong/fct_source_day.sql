{{ config(tags=['always']) }}

-- The ledger by day of the province. A day of which nothing was asked has the age of the last success before it.
with pulled as (
    select source_id, finished_at, cast(finished_at at time zone 'Asia/Ho_Chi_Minh' as date) as date_day, status from ops.pull
),

refused as (
    select extract_id, count(*) as rows_refused
    from quarantine.row
    where len(list_filter(rules, r -> starts_with(r, 'area:'))) > 0
    group by extract_id
),

came as (
    select
        x.source_id, cast(x.loaded_at at time zone 'Asia/Ho_Chi_Minh' as date) as date_day, sum(x.rows_loaded) as rows_loaded, sum(x.rows_quarantined) as rows_quarantined,
        coalesce(sum(x.rows_loaded) filter (where t.area_column is not null), 0) as area_rows_loaded, coalesce(sum(r.rows_refused), 0) as area_rows_refused,
        list_sort(list(x.extract_id)) as extract_ids
    from ops.extract as x
    inner join ops.source_table as t using (source_id, table_name)
    left join refused as r using (extract_id)
    where x.loaded_at is not null
    group by x.source_id, date_day
),

day as (
    select
        s.source_id, s.late_after_minutes, d.date_day, d.day_key,
        least(current_timestamp, cast(d.date_day + 1 as timestamp) at time zone 'Asia/Ho_Chi_Minh') as as_of
    from ops.source as s
    inner join (select source_id, min(date_day) as first_day from pulled group by source_id) as f using (source_id)
    inner join {{ ref('dim_date') }} as d on d.date_day between f.first_day and current_date
    where s.is_enabled
),

aged as (
    select d.source_id, d.date_day, max(p.finished_at) as last_success_at
    from day as d
    inner join pulled as p on d.source_id = p.source_id and p.status = 'ok' and p.finished_at <= d.as_of
    group by d.source_id, d.date_day
)

select
    d.source_id, d.date_day, d.day_key, d.late_after_minutes, epoch(d.as_of - a.last_success_at) / 60 as age_minutes,
    coalesce(epoch(d.as_of - a.last_success_at) / 60 <= d.late_after_minutes, false) as is_on_time,
    cast(coalesce(c.rows_loaded, 0) as bigint) as rows_loaded, cast(coalesce(c.rows_quarantined, 0) as bigint) as rows_quarantined,
    cast(coalesce(c.area_rows_loaded, 0) as bigint) as area_rows_loaded, cast(coalesce(c.area_rows_refused, 0) as bigint) as area_rows_refused, d.as_of,
    coalesce(c.extract_ids, [last_value(c.extract_ids[-1] ignore nulls) over (partition by d.source_id order by d.date_day)]) as extract_ids
from day as d
left join aged as a using (source_id, date_day)
left join came as c using (source_id, date_day)
