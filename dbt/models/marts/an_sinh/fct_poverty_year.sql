-- One row a survey's year and commune of today; communes with one to four poor households are one row without a commune.
-- Surveys until 2024 have the communes of before 2025-07-01. A commune that was split counts where most of it went.
with household as (
    select s.survey_year, area.area_code, bool_or(area.is_re_estimated) as is_re_estimated,
        sum(s.households) as households, sum(s.poor_households) as poor_households, sum(s.near_poor_households) as near_poor_households,
        max(s.extract_id) as extract_id, max(s.loaded_at) as loaded_at
    from {{ ref('stg_sonnmt_ho_ngheo__ho_ngheo') }} as s
    left join {{ ref('int_area__resolved') }} as area
        on s.source_area_code = area.source_code and area.era = case when s.survey_year < 2025 then 'before_2025_07' else 'since_2025_07' end
    group by s.survey_year, area.area_code
),

suppressed as (
    {{ suppress_small('household', 'survey_year', 'poor_households') }}
)

select
    survey_year, area_code, bool_or(is_re_estimated) as is_re_estimated, cast(sum(households) as bigint) as households, cast(sum(poor_households) as bigint) as poor_households,
    cast(sum(near_poor_households) as bigint) as near_poor_households, max(extract_id) as extract_id, max(loaded_at) as loaded_at
from suppressed
group by survey_year, area_code
