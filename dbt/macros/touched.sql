{# Incremental models of long histories work by the local day: a day that any newer row touches is computed again from all its
   rows, so that one build or many give the same table. Days are asked for before the model runs and written as literals, because
   DuckDB skips the blocks of other days by literals only. Such a model has the column last_loaded_at, and names in
   `meta.follows` the raw tables whose growth it takes day by day; a change of any other raw table begins it again (warehouse/build.py). #}

{# The days on which `relation` has rows newer than this model's newest; `loaded` is its column that tells. #}
{% macro touched_days(relation, instant, loaded='last_loaded_at') -%}
    {%- set days = [] -%}
    {%- if execute and is_incremental() -%}
        {%- set newest = "(select coalesce(max(last_loaded_at), '-infinity') from " ~ this ~ ")" -%}
        {%- set found = run_query("select distinct " ~ local_day(instant) ~ " from " ~ relation ~ " where " ~ loaded ~ " > " ~ newest ~ " order by 1") -%}
        {%- for row in found.rows -%}
            {%- do days.append(row[0]) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(days) }}
{%- endmacro %}

{# Whether an instant lies within `days`, each from `hours_before` its beginning to `days_after` its end. #}
{% macro within_days(instant, days, hours_before=0, days_after=0) -%}
    {%- set ranges = [] -%}
    {%- for day in days -%}
        {%- set first = modules.datetime.datetime.combine(day, modules.datetime.time(0)) - modules.datetime.timedelta(hours=hours_before) -%}
        {%- set last = modules.datetime.datetime.combine(day, modules.datetime.time(0)) + modules.datetime.timedelta(days=1 + days_after) -%}
        {%- if ranges and first <= ranges[-1][1] -%}
            {%- do ranges.append((ranges.pop()[0], last)) -%}
        {%- else -%}
            {%- do ranges.append((first, last)) -%}
        {%- endif -%}
    {%- endfor -%}
    (
    {%- for first, last in ranges %}
        {{ 'or ' if not loop.first }}({{ instant }} >= timestamptz '{{ first }}+07' and {{ instant }} < timestamptz '{{ last }}+07')
    {%- else -%}
        false
    {%- endfor -%}
    )
{%- endmacro %}

{# The same for a column of days. #}
{% macro in_days(day, days, days_after=0) -%}
    {%- set all = [] -%}
    {%- for one in days -%}
        {%- for more in range(days_after + 1) -%}
            {%- do all.append("date '" ~ (one + modules.datetime.timedelta(days=more)) ~ "'") -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ day ~ ' in (' ~ (all | unique | join(', ')) ~ ')' if all else 'false' }}
{%- endmacro %}
