-- One row a school and school year, on the map of today (the register still has codes from before 2025-07-01).
select
    s.school_code, s.school_name, s.school_level, a.area_code, a.is_re_estimated, s.is_national_standard, y.school_year,
    cast(sum(y.classes) as bigint) as classes, cast(sum(y.pupils) as bigint) as pupils, cast(sum(y.digital_records) as bigint) as digital_records, max(y.loaded_at) as loaded_at, max(y.extract_id) as extract_id
from {{ ref('stg_sogddt_truong_hoc__si_so') }} as y
inner join {{ ref('stg_sogddt_truong_hoc__truong') }} as s using (school_code)
left join {{ ref('int_area__resolved') }} as a on s.source_area_code = a.source_code and a.era = 'before_2025_07'
group by all
