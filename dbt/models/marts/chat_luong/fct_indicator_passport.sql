select
    *, has_source and has_period and has_owner and has_evidence as has_passport
from (
    select
        indicator_code, title_vi, owner_agency, sources, len(sources) > 0 as has_source, coalesce(period_kind <> '', false) as has_period,
        coalesce(owner_agency <> '', false) as has_owner, evidence_json is not null as has_evidence
    from {{ ref('indicator') }}
    where blocked_vi is null
)
