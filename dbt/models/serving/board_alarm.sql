{{ config(materialized='view') }}
-- Alarms that are open, one HTML piece each in both languages, overdue and high levels first.
{% set vi = {'limit': 'ngưỡng', 'since': 'từ', 'made_up': 'minh họa', 'unverified': 'ngưỡng chưa kiểm chứng', 'overdue': 'quá hạn nhận', 'due': 'hạn'} %}
{% set en = {'limit': 'limit', 'since': 'since', 'made_up': 'made up', 'unverified': 'limit unverified', 'overdue': 'overdue since', 'due': 'by'} %}
select
    alarm_id, indicator_code, area_code, area_name as place_vi, opened_at,
    row_number() over (order by level asc, is_overdue desc, level_no desc, opened_at desc, alarm_id asc) as alarm_order,
    {{ alarm_html(vi) }} as alarm_html,
    {{ alarm_html(en) }} as alarm_en_html
from {{ ref('alarm_now') }}
where is_open
