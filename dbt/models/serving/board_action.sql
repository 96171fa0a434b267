{{ config(materialized='view') }}
-- The three things to do first: open alarms and cards of the home board that are red or amber, an indicator once; red before amber,
-- what is overdue before what is not, a tier that matters more, the older alarm first. An indicator whose alarm somebody took is not
-- among them. When there is nothing to do, one row says so, and what is late.
{% set vi = {'title': 'title_vi', 'since': 'từ', 'overdue': 'quá hạn nhận', 'due': 'hạn:'} %}
{% set en = {'title': 'title_en', 'since': 'since', 'overdue': 'overdue since', 'due': 'by:'} %}
with open_alarm as (
    select * from {{ ref('alarm_now') }} where is_open
),

alarm as (
    select
        a.indicator_code, a.area_code, a.object_vi || ': ' || lower(left(a.title_vi, 1)) || substr(a.title_vi, 2) as title_vi, a.object_vi || ': ' || lower(left(i.title_en, 1)) || substr(i.title_en, 2) as title_en, a.level, a.icon,
        a.value_vi, '(ngưỡng ' || a.threshold_vi || ')' as bound_vi, a.opened_vi as since_vi, a.agency_vi as who_vi, a.procedure_vi as what_vi, a.due_vi, a.is_overdue, i.tier, a.opened_at as began_at
    from open_alarm as a
    inner join {{ ref('indicator') }} as i using (indicator_code)
    where a.acknowledged_at is null
),

card as (
    select
        indicator_code, area_code, title_vi, title_en, if(status = 'khong_dat', 'alarm', 'watch') as level, status_icon as icon, value_vi || ' ' || unit as value_vi,
        '(mục tiêu ' || target_vi || ')' as bound_vi, since_vi, if(acts_vi = '', owner_vi, acts_who_vi) as who_vi, acts_procedure_vi as what_vi, acts_within_vi as due_vi,
        false as is_overdue, tier, cast(null as timestamptz) as began_at
    from {{ ref('card_now') }}
    where area_code = '38' and home_order is not null and status in ('khong_dat', 'chu_y')
        and indicator_code not in (select indicator_code from open_alarm)
),

once as (
    select * from alarm
    union all by name
    select * from card
),

ordered as (
    select
        *, row_number() over (order by level asc, is_overdue desc, tier asc, began_at asc nulls last, indicator_code asc) as action_no
    from (select *, row_number() over (partition by indicator_code order by level asc, is_overdue desc, began_at asc nulls last) as of_indicator from once)
    where of_indicator = 1
)

select action_no, indicator_code, {{ action_html(vi) }} as action_html, {{ action_html(en) }} as action_en_html
from ordered
where action_no <= 3
union all by name
select
    1 as action_no, cast(null as varchar) as indicator_code, '<div class="act act-none">Không có báo động nào chưa ai nhận. ' || {{ html('sentence_vi') }} || '</div>' as action_html,
    '<div class="act act-none">No alarm waits for somebody to take it, and no card of this board is red or amber.</div>' as action_en_html
from {{ ref('province_status') }}
where not exists (select 1 from ordered)
