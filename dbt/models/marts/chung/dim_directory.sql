with listed as (
    select entity_kind, entity_code, max(entity_name) as entity_name, max(area_code) as area_code, code_system, list_sort(list(distinct code)) as codes, list(distinct source_id) as source_ids
    from {{ ref('dim_identifier') }}
    group by entity_kind, entity_code, code_system
)

select
    entity_kind, entity_code, max(entity_name) as entity_name, max(area_code) as area_code,
    map(list(code_system order by code_system), list(codes order by code_system)) as codes, count(*) as n_systems,
    list_sort(list_distinct(flatten(list(source_ids)))) as source_ids
from listed
group by entity_kind, entity_code
