{{ config(tags=['always']) }}
-- Four grades of every source, 0-100, from the ledger of the last 30 days.
-- đúng (valid):    rows that kept their contract / rows that came new: loaded / (loaded + quarantined)
-- đủ (complete):   rows held against the declared minimum, worst table; for tables with slots, captured / expected of the last day
-- sạch (clean):    100 - open quarantined rows per 100 rows held, bounded at 0
-- sống (live):     100 while the last good pull is within the promise, falling to 0 at three times the promise
with pulled as (
    select source_id, max(finished_at) filter (where status = 'ok') as last_success_at
    from ops.pull
    group by source_id
),

came as (
    select source_id, sum(rows_loaded) as loaded, sum(rows_quarantined) as quarantined
    from ops.extract
    where loaded_at > current_timestamp - interval 30 day
    group by source_id
),

open_rows as (
    select source_id, count(*) as n from quarantine.row where status = 'open' group by source_id
),

held as (
    select
        t.source_id,
        sum(x.rows_held) as rows_held,
        min(case when t.volume_min > 0 then least(x.rows_held / t.volume_min, 1) else 1 end) as completeness
    from ops.source_table as t
    inner join (
        select source_id, table_name, sum(rows_loaded) - sum(rows_deleted) as rows_held from ops.extract group by all
    ) as x using (source_id, table_name)
    group by t.source_id
),

slots as (
    select source_id, 100 * avg(least(captured / expected, 1)) as complete_pct
    from {{ ref('int_source__slots') }}
    group by source_id
)

select
    s.source_id,
    round(100 * coalesce(came.loaded / nullif(came.loaded + came.quarantined, 0), 1), 1) as grade_valid,
    round(coalesce(slots.complete_pct, 100 * held.completeness), 1) as grade_complete,
    round(greatest(0, 100 - 100 * coalesce(open_rows.n, 0) / nullif(held.rows_held, 0)), 1) as grade_clean,
    round(greatest(0, least(100, 150 - 50 * epoch(current_timestamp - pulled.last_success_at) / 60 / s.late_after_minutes)), 1) as grade_live
from ops.source as s
left join pulled using (source_id)
left join came using (source_id)
left join held using (source_id)
left join open_rows using (source_id)
left join slots using (source_id)
