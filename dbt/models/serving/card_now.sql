{{ config(tags=['always'], materialized='view') }}
-- The card at this moment: past its promise a number is “chậm”, whatever its value, and is never green; under its floor of
-- completeness it shows no value; a number that stands in for held data says since when and why.
with held as (
    select indicator_code, reason_vi as held_why_vi, since_at as held_since from {{ ref('held') }} where indicator_code is not null
),

aged as (
    select c.*, held.held_since, held.held_why_vi, greatest(0, epoch({{ right_now() }} - c.as_of) / 60) as age_minutes
    from {{ ref('mart_indicator_card') }} as c
    left join held using (indicator_code)
),

stale as (
    select *, coalesce(age_minutes > stale_after_minutes, true) as is_stale, coalesce(grade_complete < complete_floor, false) as is_incomplete from aged
),

decided as (
    select *, case when is_stale or is_incomplete then 'khong_du' else status_of_value end as status from stale
)

select
    * exclude (status_of_value, reason_of_value_vi, value, value_vi, delta_vi, held_since, held_why_vi),
    case when not is_incomplete then value end as value,
    case when is_incomplete then '–' else value_vi end as value_vi,
    case when is_incomplete then '' else delta_vi end as delta_vi,
    held_since is not null as is_held,
    case when held_since is not null then 'Giữ số của bản ' || {{ vi_time('held_since') }} || ': ' || held_why_vi else '' end as held_vi,
    case when is_stale and not is_incomplete then 'Chậm' else case status when 'dat' then 'Đạt' when 'chu_y' then 'Cần chú ý' when 'khong_dat' then 'Không đạt' when 'khong_du' then 'Không đủ dữ liệu' else 'Chưa có chuẩn' end end as status_vi,
    case when is_stale and not is_incomplete then 'Late' else case status when 'dat' then 'Met' when 'chu_y' then 'Watch' when 'khong_dat' then 'Not met' when 'khong_du' then 'Not enough data' else 'No norm' end end as status_en,
    case status when 'dat' then '●' when 'chu_y' then '▲' when 'khong_dat' then '■' when 'khong_du' then '○' else '–' end as status_icon,
    case
        when is_incomplete then 'Mới có ' || cast(grade_complete as integer) || ' % số liệu, dưới mức ' || complete_floor || ' %'
        when held_since is not null then 'Giữ số của bản ' || {{ vi_time('held_since') }} || ': ' || held_why_vi
        when is_stale then 'Số liệu chậm hơn cam kết (' || promise_vi || ')'
        else reason_of_value_vi
    end as reason_vi,
    case status when 'khong_dat' then 1 when 'chu_y' then 2 when 'khong_du' then 3 when 'dat' then 4 else 5 end as status_order,
    {{ vi_age('age_minutes') }} as age_vi
from decided
