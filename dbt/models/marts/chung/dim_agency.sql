-- Agencies that receive dossiers by their H56 code (QCVN 102:2016/BTTTT), those known by name alone, and those that merged into one
-- of them: a register of before the merger still has the old name.
with one_stop as (
    select agency_code, agency_name, if(agency_level = 'tinh', 'province', 'commune') as agency_level, area_code
    from {{ ref('stg_ttpvhcc_mot_cua__don_vi') }}
),

present as (
    select
        coalesce(o.agency_code, s.agency_name) as agency_key,
        o.agency_code,
        coalesce(o.agency_name, s.agency_name) as agency_name,
        coalesce(o.agency_level, 'province') as agency_level,
        o.area_code,
        list_filter(string_split(coalesce(s.absorbed, ''), '; '), x -> x <> '') as absorbed,
        s.valid_from,
        s.provenance,
        s.source as source_ref
    from one_stop as o
    full join {{ ref('seed_agency') }} as s using (agency_name)
),

merged as (
    select agency_key, agency_level, valid_from, provenance, source_ref, unnest(absorbed) as former_name
    from present
)

select *, cast(null as date) as valid_to, cast(null as varchar) as successor_key
from present
union all
select former_name, null, former_name as agency_name, agency_level, null, [], null, provenance, source_ref, valid_from - 1, agency_key
from merged
