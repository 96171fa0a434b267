{# NowCast of PM2.5 or PM10 (QĐ 1459/QĐ-TCMT), µg/m³, from `hours` = list of {k, c}: k = 0 for the newest hour … 11, c = hourly mean.

   w* = Cmin/Cmax, w = max(w*, ½). For w > ½: Σ wᵏ·c / Σ wᵏ over the hours that exist. For w = ½ and all twelve hours the
   decree writes Σ (½)ᵏ⁺¹·c; with hours missing that sum would lose their weight and read too low, so then it is
   divided by the weights as well. Null unless at least two of the newest three hours exist. #}
{% macro nowcast_weight(hours) -%}
greatest(
    coalesce(
        list_min(list_transform({{ hours }}, lambda x: x.c)) / nullif(list_max(list_transform({{ hours }}, lambda x: x.c)), 0), 1.0
    ), 0.5
)
{%- endmacro %}

{% macro nowcast(hours, w) -%}
case
    when len(list_filter({{ hours }}, lambda x: x.k < 3)) < 2 then null
    when {{ w }} = 0.5 and len({{ hours }}) = 12
        then list_sum(list_transform({{ hours }}, lambda x: pow(0.5, x.k + 1) * x.c))
    else list_sum(list_transform({{ hours }}, lambda x: pow({{ w }}, x.k) * x.c))
        / list_sum(list_transform({{ hours }}, lambda x: pow({{ w }}, x.k)))
end
{%- endmacro %}
