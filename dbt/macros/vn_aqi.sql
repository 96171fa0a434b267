{# Lines between the breakpoints of a seed (concentration → index): one row a closed interval lower..upper.

   Below the first breakpoint the index is the first one's, above the last the last one's. Where a value lies on a border
   of two lines the better-documented rule is the larger index of both: callers take max(). A jump of the index is two
   breakpoints at one concentration. Index and concentration in the units of the seed. #}
{% macro breakpoint_segments(seed, keys, concentration) -%}
with points as (
    select
        {{ keys | join(', ') }}, ordinal, cast({{ concentration }} as double) as c, cast(index_value as double) as i,
        lead(c) over (partition by {{ keys | join(', ') }} order by ordinal) as next_c,
        lead(i) over (partition by {{ keys | join(', ') }} order by ordinal) as next_i,
        ordinal = min(ordinal) over (partition by {{ keys | join(', ') }}) as is_first
    from {{ seed }}
)
select {{ keys | join(', ') }}, c as lower, next_c as upper, i as index_lower, next_i as index_upper
from points where next_c > c
union all
select {{ keys | join(', ') }}, '-infinity'::double, c, i, i from points where is_first
union all
select {{ keys | join(', ') }}, c, 'infinity'::double, i, i from points where next_c is null
{%- endmacro %}

{# The index on one line: (I₂−I₁)/(C₂−C₁)·(C−C₁)+I₁; constant beyond the ends. #}
{% macro interpolate(c, segment) -%}
case
    when {{ segment }}.index_lower = {{ segment }}.index_upper then {{ segment }}.index_lower
    else ({{ segment }}.index_upper - {{ segment }}.index_lower) / ({{ segment }}.upper - {{ segment }}.lower)
        * ({{ c }} - {{ segment }}.lower) + {{ segment }}.index_lower
end
{%- endmacro %}

{# Half up, as QĐ 1459 and 1460 round. The inner round takes away what binary fractions add (49.4999999999 → 49.5). #}
{% macro half_up(x) -%}
floor(round({{ x }}, 6) + 0.5)
{%- endmacro %}
