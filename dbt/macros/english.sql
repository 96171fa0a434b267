{# Texts that the Vietnamese macros made, in English: numbers (1.234,5 → 1,234.5), periods, ages, and units of measure. #}
{% macro en_number(text) -%}
translate({{ text }}, ',.', '.,')
{%- endmacro %}

{% macro en_words(text) -%}
replace(replace(replace(replace(replace(replace(replace(replace(replace({{ text }}, 'không đổi', 'no change'), 'trước ', 'before '), 'tháng ', 'month '), 'quý ', 'quarter '), 'năm ', 'year '), 'vừa xong', 'just now'), ' phút', ' min'), ' giờ', ' h'), ' ngày', ' days')
{%- endmacro %}

{% macro en_unit(unit) -%}
case {{ unit }}
    when 'phút' then 'min' when 'đại lượng' then 'quantities' when 'học sinh/lớp' then 'pupils a class' when 'điểm/30' then 'points of 30' when 'tỷ đồng' then 'bn VND'
    when 'doanh nghiệp' then 'firms' when 'người/vạn dân' then 'per 10,000 people' when 'điểm' then 'points' when 'dự án' then 'projects' when 'ngày' then 'days' when 'giờ' then 'h'
    when 'lít' then 'litres' when 'tấn/ha' then 't/ha' when 'người' then 'people' when 'lượt người' then 'attendances' when 'mỏ' then 'mines' when 'công trình' then 'works'
    when 'cấp' then 'level' when 'trạm' then 'stations' when 'xã' then 'communes' when 'hồ' then 'reservoirs' when 'triệu đồng' then 'm VND' when 'nhà' then 'houses' when 'hạng' then 'rank'
    when 'kWh/triệu đồng' then 'kWh per m VND'
    else {{ unit }}
end
{%- endmacro %}
