{{ config(materialized='view') }}
-- The alarms at this moment: what the readings say, what people did, who must act by when. A step counts for the alarm that was open
-- when it was taken, also where late rows have since moved its opening. A lower level steps back while a higher one is open.
with step as (
    select
        a.alarm_id, s.step, s.taken_at, s.taken_by, s.why,
        max(s.taken_at) filter (where s.step = 'reopen') over (partition by a.alarm_id) as reopened_at
    from {{ ref('fct_alarm_step') }} as s
    inner join {{ ref('fct_alarm') }} as a
        on s.series = a.series and s.opened_at >= a.opened_at and (a.closed_at is null or s.opened_at < a.closed_at)
),

done as (
    select
        alarm_id,
        min_by(taken_by, taken_at) filter (where step = 'acknowledge') as acknowledged_by,
        min(taken_at) filter (where step = 'acknowledge') as acknowledged_at,
        max_by(taken_by, taken_at) filter (where step = 'close') as closed_by,
        max(taken_at) filter (where step = 'close') as closed_by_at,
        max_by(why, taken_at) filter (where step = 'close') as closed_why
    from step
    where reopened_at is null or taken_at > reopened_at
    group by alarm_id
),

higher as (
    select follows as alarm_id, max(opened_at) as climbed_at
    from {{ ref('fct_alarm') }}
    where follows is not null and closed_at is null
    group by follows
),

judged as (
    select
        a.*, done.* exclude (alarm_id), i.title_vi,
        coalesce(area.area_name, 'Thanh Hóa') as area_name,
        case
            when a.trigger_kind = 'rate_of_rise' then 'Nước lên'
            when a.indicator_code in ('TT01', 'TT06') and a.object_kind <> 'area' then 'Mực nước'
            else i.title_vi
        end as measure_vi,
        case
            when a.closed_at is not null then 'da_dong'
            when higher.climbed_at is not null then 'len_cap'
            when {{ right_now() }} > a.last_read_at + to_minutes(i.stale_after_minutes) then 'mat_tin_hieu'
            else 'dang_mo'
        end as state_of_data
    from {{ ref('fct_alarm') }} as a
    inner join {{ ref('indicator') }} as i using (indicator_code)
    left join {{ ref('dim_area') }} as area on a.area_code = area.area_code and area.is_current
    left join done using (alarm_id)
    left join higher using (alarm_id)
),

stated as (
    select
        *,
        case
            when state_of_data = 'da_dong' then 'da_dong'
            when closed_by_at is not null then 'dong_boi_nguoi'
            when state_of_data = 'dang_mo' and acknowledged_at is not null then 'da_nhan'
            else state_of_data
        end as state
    from judged
)

select
    alarm_id, series, indicator_code, title_vi, measure_vi, object_kind, object_code, object_vi, area_code, area_name, level_no, level, level_vi,
    case when closed_at is not null or closed_by_at is not null then '●' when level = 'alarm' then '■' else '▲' end as icon,
    trigger_kind, if(trigger_kind = 'threshold', 'Vượt ngưỡng', 'Lên nhanh') as trigger_vi,
    opened_at, {{ vi_time('opened_at') }} as opened_vi, seen_at, peak_value, {{ vi_number('peak_value', 'decimals') }} || ' ' || unit as peak_vi, peak_at,
    closed_at, follows, last_read_at, is_cut, state_of_data, state,
    case state
        when 'da_dong' then if(is_cut, 'Đã đóng: đứt số liệu trên 30 ngày, có lại lúc ', 'Đã đóng: số liệu về trong ngưỡng lúc ') || {{ vi_time('closed_at') }}
        when 'dong_boi_nguoi' then 'Đóng bởi ' || closed_by || ': ' || closed_why
        when 'len_cap' then 'Đã lên cấp cao hơn'
        when 'mat_tin_hieu' then 'Mất tín hiệu từ ' || {{ vi_time('last_read_at') }}
        when 'da_nhan' then 'Đã nhận: ' || acknowledged_by
        else 'Đang mở, chưa ai nhận'
    end as state_vi,
    state in ('dang_mo', 'da_nhan', 'mat_tin_hieu') as is_open,
    agency_vi, procedure_vi, within_vi, due_at, coalesce({{ vi_time('due_at') }}, within_vi) as due_vi,
    state in ('dang_mo', 'mat_tin_hieu') and acknowledged_at is null and coalesce({{ right_now() }} > due_at, false) as is_overdue,
    acknowledged_by, acknowledged_at, closed_by, closed_by_at, closed_why,
    level_vi || ': ' || object_vi || ', ' || measure_vi || ' ' || {{ vi_number('opened_value', 'decimals') }} || ' ' || unit || ' (ngưỡng '
    || {{ vi_number('threshold', 'decimals') }} || ' ' || unit || ') lúc ' || {{ vi_time('opened_at') }} as message_vi,
    opened_value, last_value, {{ vi_number('last_value', 'decimals') }} || ' ' || unit as value_vi, unit, decimals,
    threshold, {{ vi_number('threshold', 'decimals') }} || ' ' || unit as threshold_vi, threshold_source_vi, is_made_up, is_unverified,
    {{ vi_age('greatest(0, epoch(' ~ right_now() ~ ' - opened_at) / 60)') }} as age_vi
from stated
