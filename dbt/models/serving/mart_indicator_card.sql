{{ config(tags=['always']) }}
-- One row an indicator and area (the province and current communes) with its newest period; ages are left to `card_now`.
-- A source that is asked for changes (cursor) and answers that there are none is known up to that answer, so its numbers do not
-- age through a night or a weekend; a workbook or a station is known only up to its own newest row.
with asked as (
    select p.source_id, max(p.finished_at) as asked_at
    from {{ ref('pull') }} as p
    where p.status = 'ok' and p.source_id in (select source_id from ops.source_table where mode = 'upsert')
    group by p.source_id
),

known as (
    select i.indicator_code, min(asked.asked_at) as known_at
    from (select indicator_code, unnest(sources) as source_id from {{ ref('indicator') }}) as i
    left join asked using (source_id)
    where i.source_id <> 'vietnamadminunits_dvhc'
    group by i.indicator_code
    having count(*) = count(asked.asked_at)
),

observation as (
    select
        o.* replace (
            case
                when known.known_at is null then o.as_of
                else greatest(o.as_of, least(known.known_at, {{ period_end('o.period_kind', 'o.period_key') }}))
            end as as_of
        ),
        i.title_vi, i.title_en, i.sector, i.unit, i.decimals, i.tier, i.home_order, i.direction, i.promise, i.stale_after_minutes, i.complete_floor,
        i.owner_agency, i.acts_json, i.question, i.formula, i.caveats, i.provenance, i.sources,
        row_number() over (partition by o.indicator_code, o.area_code order by o.period_key desc) as recency
    from {{ ref('obs_indicator') }} as o
    inner join {{ ref('indicator') }} as i on o.indicator_code = i.indicator_code and o.period_kind = i.period_kind
    left join known on o.indicator_code = known.indicator_code
    where o.breakdown = ''
),

spark as (
    select indicator_code, area_code, list(value order by period_key) as spark
    from observation
    where recency <= 24
    group by all
),

with_norm as (
    select
        o.*,
        cast(({{ period_end('o.period_kind', 'o.period_key') }} - interval 1 second) at time zone 'Asia/Ho_Chi_Minh' as date) as last_day
    from observation as o
    where o.recency = 1
),

norm as (
    select
        c.indicator_code, c.area_code,
        max_by({'value': n.value, 'value_max': n.value_max, 'source': n.source, 'legal_ref': n.legal_ref, 'provenance': n.provenance}, n.valid_from) filter (where n.level = 'target') as target,
        max_by({'value': n.value, 'value_max': n.value_max, 'source': n.source, 'legal_ref': n.legal_ref, 'provenance': n.provenance}, n.valid_from) filter (where n.level = 'watch') as watch,
        max_by({'value': n.value, 'value_max': n.value_max, 'source': n.source, 'legal_ref': n.legal_ref, 'provenance': n.provenance}, n.valid_from) filter (where n.level = 'alarm') as alarm
    from with_norm as c
    inner join {{ ref('norm') }} as n
        on c.indicator_code = n.indicator_code and n.valid_from <= least(c.last_day, current_date) and (n.valid_to is null or n.valid_to >= least(c.last_day, current_date))
        and {{ in_season('least(c.last_day, current_date)', 'n.season_from', 'n.season_to') }}
    group by all
),

-- Since which period the status has been what it is, by the norm of the newest: of the last 24 periods those without a break.
history as (
    select o.indicator_code, o.area_code, o.period_key, o.recency, {{ judged('o.value', 'o.direction', 'n.target', 'n.watch', 'n.alarm') }} as status
    from observation as o
    left join norm as n using (indicator_code, area_code)
    where o.recency <= 24
),

unbroken as (
    select *, bool_and(status = newest_status) over (partition by indicator_code, area_code order by recency) as is_unbroken
    from (select *, first_value(status) over (partition by indicator_code, area_code order by recency) as newest_status from history)
),

since as (
    select indicator_code, area_code, min(period_key) as since_key, count(*) = 24 as is_longer
    from unbroken
    where is_unbroken
    group by all
),

source_words as (
    select
        i.indicator_code,
        if(count(*) > 10, count(*) || ' nguồn', string_agg(s.title_vi, ' · ' order by i.position) filter (where s.source_id <> 'vietnamadminunits_dvhc')) as sources_vi,
        bool_or(s.is_made_up) as is_made_up
    from (select indicator_code, unnest(sources) as source_id, generate_subscripts(sources, 1) as position from {{ ref('indicator') }}) as i
    inner join ops.source as s using (source_id)
    group by i.indicator_code
),

judged as (
    select
        o.*,
        n.target, n.watch, n.alarm,
        p.value as previous_value,
        y.value as year_ago_value,
        spark.spark,
        since.since_key, since.is_longer,
        {{ judged('o.value', 'o.direction', 'n.target', 'n.watch', 'n.alarm') }} as status
    from with_norm as o
    left join norm as n using (indicator_code, area_code)
    left join spark using (indicator_code, area_code)
    left join since using (indicator_code, area_code)
    left join observation as p on o.indicator_code = p.indicator_code and o.area_code = p.area_code and p.recency = 2
    left join {{ ref('obs_indicator') }} as y
        on o.indicator_code = y.indicator_code and o.area_code = y.area_code and o.period_kind = y.period_kind and y.breakdown = ''
        and y.period_key = cast(cast(substr(o.period_key, 1, 4) as integer) - 1 as varchar) || substr(o.period_key, 5)
),

shown as (
    -- 99,98 against a target of 100 is written 99,98 and not 100,0: what misses its norm must not look as if it met it.
    select *, decimals + if(status in ('chu_y', 'khong_dat') and round(value, decimals) in (target.value, watch.value), 2, 0) as shown_decimals
    from judged
)

select
    j.indicator_code, j.sector, j.title_vi, j.title_en, j.unit, j.decimals, j.tier, j.home_order, j.area_code, a.area_name,
    j.period_kind, j.period_key, {{ vi_period('j.period_kind', 'j.period_key') }} as period_vi,
    j.value, coalesce({{ vi_number('j.value', 'j.shown_decimals') }}, '–') as value_vi, j.numerator, j.denominator,
    j.target.value as target_value,
    case
        when j.target is null and j.watch is null then 'chưa có chuẩn'
        when j.direction = 'up' then '≥ ' || {{ vi_number('coalesce(j.target.value, j.watch.value)', 'case when coalesce(j.target.value, j.watch.value) % 1 = 0 then 0 else j.decimals end') }}
        when j.direction = 'down' then '≤ ' || {{ vi_number('coalesce(j.target.value, j.watch.value)', 'case when coalesce(j.target.value, j.watch.value) % 1 = 0 then 0 else j.decimals end') }}
        else {{ vi_number('coalesce(j.target.value, j.watch.value)', '0') }} || '–' || {{ vi_number('case when j.target is null then j.watch.value_max else j.target.value_max end', '0') }}
    end as target_vi,
    coalesce(j.target.source, j.watch.source, j.alarm.source) as norm_source_vi,
    j.direction, j.previous_value,
    case
        when j.previous_value is null or j.value is null then ''
        when round(j.value - j.previous_value, j.decimals) = 0 then 'không đổi'
        when j.value > j.previous_value then '▲ ' || {{ vi_number('j.value - j.previous_value', 'j.decimals') }}
        else '▼ ' || {{ vi_number('j.previous_value - j.value', 'j.decimals') }}
    end as delta_vi,
    case
        when j.previous_value is null or j.value is null or j.direction = 'band' or round(j.value - j.previous_value, j.decimals) = 0 then 'flat'
        when (j.value > j.previous_value) = (j.direction = 'up') then 'better'
        else 'worse'
    end as delta_kind,
    j.year_ago_value,
    case
        when j.year_ago_value is null or j.value is null then ''
        else case when j.value >= j.year_ago_value then '▲ ' else '▼ ' end || {{ vi_number('abs(j.value - j.year_ago_value)', 'j.decimals') }} || ' so cùng kỳ'
    end as delta_year_vi,
    j.spark, j.status as status_of_value,
    case
        when j.value is null then 'Chưa tính được giá trị'
        when j.status = 'khong_chuan' then 'Chưa có chuẩn để so'
        when j.status = 'dat' then 'Đạt chuẩn'
        when j.direction = 'band' and j.status = 'khong_dat' then 'Ngoài dải báo động ' || {{ vi_number('j.alarm.value', '0') }} || '–' || {{ vi_number('j.alarm.value_max', '0') }}
        when j.direction = 'band' then 'Ngoài dải mục tiêu ' || {{ vi_number('coalesce(j.target.value, j.watch.value)', '0') }} || '–' || {{ vi_number('case when j.target is null then j.watch.value_max else j.target.value_max end', '0') }}
        when j.status = 'khong_dat' then 'Quá ngưỡng báo động ' || coalesce({{ vi_number('j.alarm.value', 'case when j.alarm.value % 1 = 0 then 0 else j.decimals end') }}, '')
        else 'Chưa đạt mục tiêu ' || coalesce({{ vi_number('coalesce(j.target.value, j.watch.value)', 'case when coalesce(j.target.value, j.watch.value) % 1 = 0 then 0 else j.decimals end') }}, '')
    end as reason_of_value_vi,
    case when j.status in ('chu_y', 'khong_dat', 'dat') then if(j.is_longer, 'trước ', '') || {{ vi_period('j.period_kind', 'j.since_key') }} else '' end as since_vi,
    j.as_of, {{ vi_time('j.as_of') }} as as_of_vi, j.promise as promise_vi, j.stale_after_minutes, j.complete_floor,
    w.sources_vi, j.owner_agency as owner_vi,
    coalesce((j.acts_json::json ->> case j.status when 'khong_dat' then '$[#-1].who' else '$[0].who' end), '') as acts_who_vi,
    case when j.status in ('chu_y', 'khong_dat') then coalesce((j.acts_json::json ->> case j.status when 'khong_dat' then '$[#-1].procedure' else '$[0].procedure' end), '') else '' end as acts_procedure_vi,
    case when j.status in ('chu_y', 'khong_dat') then coalesce((j.acts_json::json ->> case j.status when 'khong_dat' then '$[#-1].within' else '$[0].within' end), '') else '' end as acts_within_vi,
    if(acts_procedure_vi = '', '', acts_who_vi || ': ' || acts_procedure_vi || ' – hạn: ' || acts_within_vi) as acts_vi,
    j.question as question_vi, j.formula as definition_vi, j.caveats as caveats_vi,
    j.grade_valid, j.grade_complete, j.grade_clean, j.grade_live,
    round(least(j.grade_valid, j.grade_complete, j.grade_clean, j.grade_live)) as quality_score,
    coalesce(w.is_made_up, false) as is_made_up,
    j.provenance = 'M' or coalesce(j.target.provenance, j.watch.provenance, '') = 'M' as is_unverified,
    j.is_provisional
from shown as j
left join source_words as w using (indicator_code)
left join {{ ref('dim_area') }} as a on j.area_code = a.area_code and a.is_current
