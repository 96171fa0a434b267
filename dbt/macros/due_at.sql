{# The instant that a deadline in words means, from the opening: “ngay”, “30 phút”, “2 giờ”, “3 ngày”, “trong ngày” (the end of the
   local day). Other words mean no instant: null, the words are kept beside it. #}
{% macro due_at(opened_at, within) -%}
case
    when lower(trim({{ within }})) = 'ngay' then {{ opened_at }}
    when lower(trim({{ within }})) = 'trong ngày'
        then (cast(cast({{ opened_at }} at time zone 'Asia/Ho_Chi_Minh' as date) as timestamp) + interval 1 day) at time zone 'Asia/Ho_Chi_Minh'
    when regexp_full_match(lower(trim({{ within }})), '\d{1,4} (phút|giờ|ngày)')
        then {{ opened_at }} + to_minutes(
            cast(split_part(trim({{ within }}), ' ', 1) as integer)
            * case lower(split_part(trim({{ within }}), ' ', 2)) when 'phút' then 1 when 'giờ' then 60 else 1440 end
        )
end
{%- endmacro %}
