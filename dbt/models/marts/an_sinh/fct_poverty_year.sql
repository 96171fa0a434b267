-- One row a survey's year and commune of today; communes with fewer than five poor households are one row without a commune.
-- Surveys until 2024 have the communes of before 2025-07-01: those of a split commune are shared out, which leaves fractions.
with survey as (
    {{ on_todays_map(
        ref('stg_sonnmt_ho_ngheo__ho_ngheo'), ['households', 'poor_households', 'near_poor_households'],
        ['survey_year', 'extract_id', 'loaded_at'], is_old='o.survey_year < 2025'
    ) }}
),

household as (
    select survey_year, area_code, bool_or(is_re_estimated) as is_re_estimated, sum(households order by source_code) as households,
        sum(poor_households order by source_code) as poor_households, sum(near_poor_households order by source_code) as near_poor_households,
        max(extract_id) as extract_id, max(loaded_at) as loaded_at
    from survey
    group by survey_year, area_code
),

suppressed as (
    {{ suppress_small('household', 'survey_year', 'poor_households') }}
)

select
    survey_year, area_code, bool_or(is_re_estimated) as is_re_estimated, sum(households order by households) as households,
    sum(poor_households order by poor_households) as poor_households, sum(near_poor_households order by near_poor_households) as near_poor_households,
    max(extract_id) as extract_id, max(loaded_at) as loaded_at
from suppressed
group by survey_year, area_code
