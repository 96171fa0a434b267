{# 1234.5 → 1.234,5 with a fixed number of decimals (an expression); null stays null. #}
{% macro vi_number(value, decimals) -%}
translate(format('{:,.' || {{ decimals }} || 'f}', cast({{ value }} as double)), ',.', '.,')
{%- endmacro %}

{# An instant as dd/MM/yyyy HH:mm on the province's clock. #}
{% macro vi_time(instant) -%}
strftime({{ instant }} at time zone 'Asia/Ho_Chi_Minh', '%d/%m/%Y %H:%M')
{%- endmacro %}

{# Minutes in words: 12 phút, 3 giờ, 2 ngày. #}
{% macro vi_age(minutes) -%}
case
    when {{ minutes }} is null then '–'
    when {{ minutes }} < 1 then 'vừa xong'
    when {{ minutes }} < 60 then cast(floor({{ minutes }}) as integer) || ' phút'
    when {{ minutes }} < 2880 then cast(floor({{ minutes }} / 60) as integer) || ' giờ'
    else cast(floor({{ minutes }} / 1440) as integer) || ' ngày'
end
{%- endmacro %}

{# A period in words, from its kind and key. #}
{% macro vi_period(kind, key) -%}
case {{ kind }}
    when 'hour' then substr({{ key }}, 9, 2) || ':00 ' || substr({{ key }}, 7, 2) || '/' || substr({{ key }}, 5, 2) || '/' || substr({{ key }}, 1, 4)
    when 'day' then substr({{ key }}, 7, 2) || '/' || substr({{ key }}, 5, 2) || '/' || substr({{ key }}, 1, 4)
    when 'month' then 'tháng ' || cast(substr({{ key }}, 5, 2) as integer) || '/' || substr({{ key }}, 1, 4)
    when 'quarter' then 'quý ' || ['I', 'II', 'III', 'IV'][cast(substr({{ key }}, 5, 1) as integer)] || '/' || substr({{ key }}, 1, 4)
    else 'năm ' || {{ key }}
end
{%- endmacro %}

{# The first instant after a period, for “is it still provisional”. #}
{% macro period_end(kind, key) -%}
(case {{ kind }}
    when 'hour' then strptime({{ key }}, '%Y%m%d%H') + interval 1 hour
    when 'day' then strptime({{ key }}, '%Y%m%d') + interval 1 day
    when 'month' then strptime({{ key }} || '01', '%Y%m%d') + interval 1 month
    when 'quarter' then make_timestamp(cast(substr({{ key }}, 1, 4) as bigint), cast(substr({{ key }}, 5, 1) as bigint) * 3 - 2, 1, 0, 0, 0) + interval 3 month
    else make_timestamp(cast({{ key }} as bigint) + 1, 1, 1, 0, 0, 0)
end) at time zone 'Asia/Ho_Chi_Minh'
{%- endmacro %}

{# The moment that “now” is for whoever asks: the clock's, or the one that a replay has set (`SET VARIABLE ioc_now`). #}
{% macro right_now() -%}
coalesce(try_cast(getvariable('ioc_now') as timestamptz), current_timestamp)
{%- endmacro %}

{# The first instant of a period on the province's clock, as a plain timestamp: the x axis of charts. #}
{% macro period_start(kind, key) -%}
case {{ kind }}
    when 'hour' then strptime({{ key }}, '%Y%m%d%H')
    when 'day' then strptime({{ key }}, '%Y%m%d')
    when 'month' then strptime({{ key }} || '01', '%Y%m%d')
    when 'quarter' then make_timestamp(cast(substr({{ key }}, 1, 4) as bigint), cast(substr({{ key }}, 5, 1) as bigint) * 3 - 2, 1, 0, 0, 0)
    else make_timestamp(cast(substr({{ key }}, 1, 4) as bigint), 1, 1, 0, 0, 0)
end
{%- endmacro %}

{# A regular 24-gon around a point as a polygon that maps draw: JSON of [longitude, latitude]; the radius in km. #}
{% macro circle(lon, lat, km) -%}
cast(to_json(list_transform(range(25), lambda k: [
    round({{ lon }} + {{ km }} / 111.32 / cos(radians({{ lat }})) * cos(radians(15 * k)), 5), round({{ lat }} + {{ km }} / 110.57 * sin(radians(15 * k)), 5)
])) as varchar)
{%- endmacro %}
