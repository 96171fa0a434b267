{{ config(tags=['always'], materialized='view') }}
-- One row a source: its last pull against its promise, and what became of the rows it brought.
with pulled as (
    select
        source_id,
        max(finished_at) as last_pull_at,
        max(finished_at) filter (where status = 'ok') as last_success_at,
        max_by(status, finished_at) as last_status,
        max_by(reason_vi, finished_at) as last_reason_vi
    from {{ ref('pull') }}
    group by source_id
),

came as (
    select
        source_id, max(max_event_at) as last_event_at, sum(rows_in) as rows_in, sum(rows_loaded) as rows_loaded,
        sum(rows_quarantined) as rows_quarantined, sum(rows_deduplicated) as rows_deduplicated
    from {{ ref('extract') }}
    group by source_id
),

state as (
    select
        s.*, p.last_pull_at, p.last_success_at, p.last_reason_vi, c.last_event_at, c.rows_in, c.rows_loaded, c.rows_quarantined, c.rows_deduplicated,
        epoch({{ right_now() }} - p.last_success_at) / 60 as age_minutes,
        case
            when not s.is_enabled then 'bo_qua'
            when p.last_success_at is null and p.last_status = 'failed' then 'loi'
            when p.last_success_at is null then 'chua_co'
            when epoch({{ right_now() }} - p.last_success_at) / 60 > s.late_after_minutes then 'cham'
            when p.last_status = 'failed' then 'loi'
            else 'dung_hen'
        end as state
    from {{ ref('source') }} as s
    left join pulled as p using (source_id)
    left join came as c using (source_id)
)

select
    source_id, sector, title_vi, title_en, owner_agency as owner_vi, cadence as cadence_vi, tier, last_pull_at, last_success_at, last_event_at,
    age_minutes, {{ vi_age('age_minutes') }} as age_vi, late_after_minutes, state,
    case state when 'dung_hen' then 'đúng hẹn' when 'cham' then 'chậm' when 'loi' then 'lỗi' when 'bo_qua' then 'bỏ qua' else 'chưa có số liệu' end as state_vi,
    case state when 'dung_hen' then '●' when 'cham' then '▲' when 'loi' then '■' when 'bo_qua' then '–' else '○' end as state_icon,
    case state when 'bo_qua' then skipped_why when 'loi' then last_reason_vi when 'cham' then coalesce(nullif(last_reason_vi, ''), 'quá hạn cam kết') else '' end as reason_vi,
    case state when 'loi' then 1 when 'cham' then 2 when 'chua_co' then 3 when 'dung_hen' then 4 else 5 end as state_order,
    cast(coalesce(rows_in, 0) as bigint) as rows_in, cast(coalesce(rows_loaded, 0) as bigint) as rows_loaded, cast(coalesce(rows_quarantined, 0) as bigint) as rows_quarantined,
    cast(coalesce(rows_deduplicated, 0) as bigint) as rows_deduplicated, coalesce(q.n_open, 0) as quarantined_open, is_made_up
from state
left join {{ ref('mart_quarantine_open') }} as q using (source_id)
