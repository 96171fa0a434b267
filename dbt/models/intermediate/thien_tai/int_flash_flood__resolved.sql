-- Feed rows with the commune of today and risks as 0-3. An empty text is “no warning” (0); a text that is not on the list is
-- null and counted. Every new code re-uses the code of an old commune, so a code that exists today is today's.
with area as (
    select area_code from {{ ref('dim_area') }}
    where is_current and area_code <> '38'
),

crosswalk as (
    select
        old_code,
        max_by(new_code, (is_default, weight, new_code)) as new_code
    from {{ ref('bridge_area_old_new') }}
    group by old_code
)

select
    f.* exclude (commune_code),
    coalesce(area.area_code, by_code.new_code, by_old.new_code) as area_code,
    area.area_code is null as is_resolved_from_old,
    case when coalesce(trim(f.flash_flood_text), '') = '' then 0 else flood.risk_level end as flash_flood_level,
    case when coalesce(trim(f.landslide_text), '') = '' then 0 else slide.risk_level end as landslide_level
from {{ ref('stg_kttv_thien_tai__lu_quet') }} as f
left join area on f.commune_code = area.area_code
left join crosswalk as by_code on f.commune_code = by_code.old_code
left join crosswalk as by_old on f.old_commune_code = by_old.old_code
left join {{ ref('seed_flash_flood_risk') }} as flood on lower(trim(f.flash_flood_text)) = flood.risk_text
left join {{ ref('seed_flash_flood_risk') }} as slide on lower(trim(f.landslide_text)) = slide.risk_text
