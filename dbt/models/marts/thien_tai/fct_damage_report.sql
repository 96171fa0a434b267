-- Every report of damage. The later report of a commune replaces the earlier one (on one day: final, then supplement, then
-- quick); all are kept, and only `is_latest` rows are ever summed.
select
    d.event_code,
    e.from_date as event_from_date,
    d.area_code,
    d.report_kind,
    d.report_date,
    d.report_kind = 'cuoi' as is_final,
    d.deaths,
    d.houses,
    d.rice_ha,
    d.loss_million_vnd,
    row_number() over (
        partition by d.event_code, d.area_code
        order by d.report_date desc, array_position(['cuoi', 'bo_sung', 'nhanh'], d.report_kind)
    ) = 1 as is_latest,
    d.extract_id,
    d.loaded_at
from {{ ref('stg_bchptds_thiet_hai__thiet_hai') }} as d
inner join {{ ref('stg_bchptds_thien_tai__su_kien') }} as e using (event_code)
