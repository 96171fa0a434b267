-- Alarms: from the reading that passes a threshold to the one that is back past it by the margin. Each level of an object is its own
-- alarm and names the lower one that it climbed from. Only readings count, so the same rows give the same alarms however they came;
-- an hour without a reading closes nothing, until the object was silent for 30 days: what is read after that is another alarm
-- (`is_cut`: the end of the first is the first reading after the silence). `seen_at` is when the opening reading was loaded, however long after it was read.
with spaced as (
    select
        *,
        -- months and years are apart by their nature
        len(period_key) >= 8 and coalesce(read_at - lag(read_at) over in_time > interval 30 days, false) as is_after_silence
    from {{ ref('fct_alarm_reading') }}
    window in_time as (partition by series order by read_at, period_key)
),

parted as (
    select *, count(*) filter (where is_after_silence) over (partition by series order by read_at, period_key rows unbounded preceding) as part
    from spaced
),

held as (
    select
        *,
        coalesce(last_value(case when is_on then true when is_off then false end ignore nulls) over so_far, false) as is_in
    from parted
    window so_far as (partition by series, part order by read_at, period_key rows between unbounded preceding and current row)
),

edged as (
    select
        *,
        is_in and (is_after_silence or not coalesce(lag(is_in) over in_time, false)) as is_opening,
        lead(read_at) over in_time as next_read_at,
        lead(is_in and not is_after_silence) over in_time as is_in_next,
        lead(is_after_silence) over in_time as is_silence_next,
        max(read_at) over (partition by series) as last_read_at
    from held
    window in_time as (partition by series order by read_at, period_key)
),

numbered as (
    select *, sum(cast(is_opening as integer)) over (partition by series order by read_at, period_key rows unbounded preceding) as n
    from edged
),

island as (
    select
        series, n, any_value(indicator_code) as indicator_code, any_value(trigger_kind) as trigger_kind, any_value(object_kind) as object_kind,
        any_value(object_code) as object_code, any_value(object_vi) as object_vi, any_value(area_code) as area_code, any_value(level_no) as level_no,
        any_value(level) as level, any_value(level_vi) as level_vi, any_value(unit) as unit, any_value(decimals) as decimals,
        min(read_at) as opened_at, min(period_key) as opened_key, min_by(value, read_at) as opened_value,
        min_by(threshold, read_at) as threshold, min_by(threshold_source_vi, read_at) as threshold_source_vi, min_by(is_unverified, read_at) as is_unverified,
        -- the worst reading, the first of equals
        min_by(value, (if(direction = 'up', value, -value), read_at)) as peak_value,
        min_by(read_at, (if(direction = 'up', value, -value), read_at)) as peak_at,
        max_by(value, read_at) as last_value, max(last_read_at) as last_read_at,
        max(next_read_at) filter (where not is_in_next) as closed_at, coalesce(bool_or(is_silence_next), false) as is_cut,
        min_by(extract_ids, read_at) as opening_extracts,
        any_value(agency_vi) as agency_vi, any_value(procedure_vi) as procedure_vi, any_value(within_vi) as within_vi
    from numbered
    where is_in
    group by series, n
),

seen as (
    select o.series, o.n, max(e.loaded_at) as seen_at, bool_or(s.is_made_up) as is_made_up
    from (select series, n, unnest(opening_extracts) as extract_id from island) as o
    inner join {{ ref('extract') }} as e using (extract_id)
    left join {{ ref('source') }} as s using (source_id)
    group by o.series, o.n
),

named as (
    select
        substr(md5(i.series || '.' || i.opened_key), 1, 12) as alarm_id,
        i.*, coalesce(seen.seen_at, i.opened_at) as seen_at, coalesce(seen.is_made_up, false) as is_made_up
    from island as i
    left join seen using (series, n)
)

select
    a.alarm_id, a.series, a.indicator_code, a.trigger_kind, a.object_kind, a.object_code, a.object_vi, a.area_code, a.level_no, a.level, a.level_vi,
    a.opened_at, a.seen_at, a.opened_value, a.unit, cast(a.decimals as integer) as decimals, a.threshold, a.threshold_source_vi, a.peak_value, a.peak_at,
    a.last_value, a.last_read_at, a.closed_at, a.is_cut, a.agency_vi, a.procedure_vi, a.within_vi, {{ due_at('a.opened_at', 'a.within_vi') }} as due_at,
    lower.alarm_id as follows, a.is_unverified, a.is_made_up
from named as a
left join named as lower
    on a.trigger_kind = 'threshold' and lower.trigger_kind = 'threshold' and a.indicator_code = lower.indicator_code and a.object_code = lower.object_code
        and a.level_no = lower.level_no + 1 and a.opened_at >= lower.opened_at and (lower.closed_at is null or a.opened_at < lower.closed_at)
