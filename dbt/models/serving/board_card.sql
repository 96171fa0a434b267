{{ config(materialized='view') }}
-- The cards of the boards, one HTML piece each in both languages (every value escaped), for the province and for communes. A board
-- takes those that it names; `headline` is what its line of state says of a card.
{% set vi = {
    'status': 'status_vi', 'title': 'title_vi', 'value': 'value_vi', 'unit': 'unit', 'delta': 'delta_vi', 'target': 'target_vi', 'period': 'period_vi',
    'year': 'delta_year_vi', 'since': 'since_vi', 'reason': 'reason_vi', 'due': 'acts_within_vi', 'age': 'age_vi', 'target_word': 'Mục tiêu', 'since_word': 'Từ',
    'due_word': 'hạn:', 'owner_word': 'Đầu mối:', 'late_word': 'chậm', 'held_word': 'giữ số bản trước', 'made_up_word': 'minh họa',
    'unverified_word': 'chưa kiểm chứng', 'grades': ['đúng', 'đủ', 'sạch', 'sống']
} %}
{% set en = {
    'status': 'status_en', 'title': 'title_en', 'value': en_number('value_vi'), 'unit': en_unit('unit'), 'delta': en_words(en_number('delta_vi')), 'target': "replace(" ~ en_number('target_vi') ~ ", 'chưa có chuẩn', 'none set')",
    'period': en_words('period_vi'), 'year': "replace(" ~ en_number('delta_year_vi') ~ ", 'so cùng kỳ', 'on year')", 'since': en_words('since_vi'), 'reason': 'reason_en', 'due': en_words("replace(replace(acts_within_vi, 'ngay', 'at once'), 'trong at once', 'today')"), 'age': en_words('age_vi'),
    'target_word': 'Target', 'since_word': 'Since', 'due_word': 'by:', 'owner_word': 'Owner:', 'late_word': 'late', 'held_word': 'number of an earlier build',
    'made_up_word': 'made up', 'unverified_word': 'unverified', 'grades': ['valid', 'compl.', 'clean', 'live']
} %}
with card as (
    select
        c.*, list_filter(c.spark, lambda v: v is not null) as line, b.build_id, {{ vi_time('b.built_at') }} as built_vi,
        {{ vi_age("epoch(" ~ right_now() ~ " - b.built_at) / 60") }} as build_age_vi,
        case c.status when 'dat' then '#1a7f4e' when 'chu_y' then '#b26a00' when 'khong_dat' then '#b3261e' else '#5f6b7a' end as colour,
        case when c.is_incomplete then 'Too few rows to show a value' when c.is_held then 'Number of an earlier build' when c.is_stale then 'Later than promised'
            else case c.status when 'dat' then 'Meets its norm' when 'chu_y' then 'Short of its target' when 'khong_dat' then 'Beyond its alarm' when 'khong_chuan' then 'No norm to compare with' else 'No value could be computed' end end as reason_en
    from {{ ref('card_now') }} as c
    cross join {{ ref('build') }} as b
)

select
    indicator_code, area_code, coalesce(area_name, '') as area_name, sector, home_order, status, status_order, is_held, is_made_up, build_id, built_vi, build_age_vi, {{ en_words('build_age_vi') }} as build_age_en,
    {{ html('title_vi') }} || ' (' || value_vi || ' ' || {{ html('unit') }} || ')' as headline_vi,
    {{ html('title_en') }} || ' (' || {{ en_number('value_vi') }} || ' ' || {{ html(en_unit('unit')) }} || ')' as headline_en,
    {{ card_html(vi) }} as card_html,
    {{ card_html(en) }} as card_en_html
from card
