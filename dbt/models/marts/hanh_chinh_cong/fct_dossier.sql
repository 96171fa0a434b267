{{ config(tags=['always']) }}
-- One row a dossier, on the map of today. No personal column comes this far: they are dropped before landing.
with dossier as (
    select
        *,
        case when submitted_at < timestamptz '2025-07-01 00:00:00+07' then 'before_2025_07' else 'since_2025_07' end as era
    from {{ ref('stg_ttpvhcc_mot_cua__ho_so') }}
)

select
    dossier.dossier_code,
    dossier.procedure_code,
    procedure.field,
    dossier.agency_code,
    area.area_code,
    coalesce(area.is_re_estimated, false) as is_re_estimated,
    dossier.submitted_at,
    dossier.due_at,
    dossier.resolved_at,
    dossier.channel,
    dossier.channel = 'truc_tuyen' as is_online,
    dossier.has_fee,
    dossier.has_fee and dossier.is_paid_online as is_paid_online,
    dossier.is_components_digitised,
    dossier.is_result_digitised,
    dossier.is_reused,
    dossier.satisfaction,
    dossier.fee_vnd,
    dossier.resolved_at is not null as is_resolved,
    -- a result before its submission is an error of the source: such a dossier counts as resolved, never as on time
    dossier.resolved_at <= dossier.due_at and dossier.resolved_at >= dossier.submitted_at as is_on_time,
    -- against the clock of the build: a row that nobody touched since it was loaded falls overdue all the same
    dossier.resolved_at is null and dossier.due_at < current_timestamp as is_overdue_open,
    coalesce(dossier.resolved_at < dossier.submitted_at, false) as has_impossible_times,
    strftime(dossier.submitted_at at time zone 'Asia/Ho_Chi_Minh', '%Y%m%d') as submitted_day,
    strftime(dossier.resolved_at at time zone 'Asia/Ho_Chi_Minh', '%Y%m%d') as resolved_day,
    dossier.updated_at,
    dossier.extract_id,
    dossier.loaded_at
from dossier
left join {{ ref('int_area__resolved') }} as area on dossier.source_area_code = area.source_code and dossier.era = area.era
left join {{ ref('stg_ttpvhcc_mot_cua__thu_tuc') }} as procedure using (procedure_code)
