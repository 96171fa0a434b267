-- Feed rows with the commune of today and risks as 0-3. An empty text is “no warning” (0); a text that is not on the list is
-- null and counted. Every new code re-uses the code of an old commune, so a code that exists today is today's. A warning for a
-- split commune is a row of each commune of today that has a part of it: a danger is not shared out.
with area as (
    select area_code from {{ ref('dim_area') }}
    where is_current and area_code <> '38'
),

named as (
    select f.*, area.area_code, coalesce(old.old_code, f.old_commune_code) as former_code
    from {{ ref('stg_kttv_thien_tai__lu_quet') }} as f
    left join area on f.commune_code = area.area_code
    left join (select distinct old_code from {{ ref('bridge_area_old_new') }}) as old on f.commune_code = old.old_code
)

select
    f.* exclude (commune_code, area_code, former_code),
    coalesce(f.area_code, b.new_code) as area_code,
    f.area_code is null as is_resolved_from_old,
    case when coalesce(trim(f.flash_flood_text), '') = '' then 0 else flood.risk_level end as flash_flood_level,
    case when coalesce(trim(f.landslide_text), '') = '' then 0 else slide.risk_level end as landslide_level
from named as f
left join {{ ref('bridge_area_old_new') }} as b on f.area_code is null and f.former_code = b.old_code
left join {{ ref('seed_flash_flood_risk') }} as flood on lower(trim(f.flash_flood_text)) = flood.risk_text
left join {{ ref('seed_flash_flood_risk') }} as slide on lower(trim(f.landslide_text)) = slide.risk_text
