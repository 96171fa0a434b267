{{ config(materialized='view') }}
-- Every reading that could open or close an alarm, once for each level that somebody acts upon. `is_on` opens, `is_off` closes;
-- between the two (the margin) whatever was goes on. A rule is an indicator with `acts_when`; rivers and reservoirs are judged by
-- the metres of each of them, all else by its norms, the province's total or each station as the pair says (`alarm.per`).
with rule as (
    select
        *,
        coalesce(json_extract_string(alarm_json, '$.per'), 'province') as per,
        coalesce(cast(json_extract(alarm_json, '$.clear_margin') as double), 0) as clear_margin,
        cast(json_extract(alarm_json, '$.rise.by') as double) as rise_by,
        json_extract_string(alarm_json, '$.rise.source') as rise_source
    from {{ ref('indicator') }}
    where json_array_length(acts_json) > 0 and json_extract_string(alarm_json, '$.covered_by') is null
),

act as (
    select
        indicator_code,
        json_extract_string(act, '$.level') as level,
        json_extract_string(act, '$.who') as agency_vi,
        json_extract_string(act, '$.procedure') as procedure_vi,
        json_extract_string(act, '$.within') as within_vi
    from (select indicator_code, unnest(from_json(acts_json, '["JSON"]')) as act from rule)
),

river as (
    select
        f.*, s.alarm_legal_ref,
        f.level_m - min(f.level_m) over (
            partition by f.station_code order by f.hour_at range between interval '3 hours' preceding and current row
        ) as rise_m,
        rule.rise_by, rule.rise_source, rule.clear_margin,
        [s.is_bd1_unverified, s.is_bd2_unverified, s.is_bd3_unverified] as are_unverified
    from {{ ref('fct_river_level_hour') }} as f
    cross join (select * from rule where indicator_code = 'TT01') as rule
    left join {{ ref('dim_station') }} as s using (station_code)
),

river_level as (
    select *, unnest([1, 2, 3]) as level_no, unnest([bd1_m, bd2_m, bd3_m]) as limit_m
    from river
),

lake as (
    select
        f.*, r.reservoir_name, coalesce(r.limit_source, r.source) as limit_source, rule.clear_margin,
        r.is_season_limit_unverified, r.is_normal_unverified, r.flood_season_limit_m,
        unnest([1, 2]) as level_no, unnest([f.limit_m, r.check_level_m]) as level_limit_m
    from {{ ref('fct_reservoir_hour') }} as f
    cross join (select * from rule where indicator_code = 'TT06') as rule
    inner join {{ ref('dim_reservoir') }} as r using (reservoir_code)
),

gauge as (
    select station_code, any_value(station_name) as station_name from {{ ref('fct_rain_hour') }}
    group by station_code
),

observed as (
    select
        o.indicator_code, o.period_key, o.area_code, o.value, o.extract_ids, i.direction, i.unit, i.decimals, i.clear_margin, i.per,
        nullif(split_part(o.breakdown, '=', 2), '') as station_code,
        least(o.as_of, {{ period_end('o.period_kind', 'o.period_key') }}) as read_at,
        cast(({{ period_end('o.period_kind', 'o.period_key') }} - interval 1 second) at time zone 'Asia/Ho_Chi_Minh' as date) as last_day
    from {{ ref('obs_indicator') }} as o
    inner join rule as i on o.indicator_code = i.indicator_code and o.period_kind = i.period_kind
    where o.value is not null and o.indicator_code <> 'TT01'
        and case when i.per = 'station' then starts_with(o.breakdown, 'tram=') else o.breakdown = '' and o.area_code = '38' end
),

against_norm as (
    select
        o.*, n.level, n.value as norm, n.value_max as norm_max, n.provenance,
        n.source || case when coalesce(n.legal_ref, '') = '' then '' else ' (' || n.legal_ref || ')' end as norm_source
    from observed as o
    inner join {{ ref('dim_norm') }} as n
        on o.indicator_code = n.indicator_code and o.last_day >= n.valid_from and (n.valid_to is null or o.last_day <= n.valid_to)
            and {{ in_season('o.last_day', 'n.season_from', 'n.season_to') }}
    -- how many reservoirs are above their limit is an alarm of its own only at the number that calls for a meeting
    where n.level in ('watch', 'alarm') and not (o.per = 'reservoir' and n.level = 'watch')
    qualify row_number() over (partition by o.indicator_code, o.area_code, o.station_code, o.period_key, n.level order by n.valid_from desc) = 1
),

reading as (
    select
        'TT01' as indicator_code, 'threshold' as trigger_kind, 'station' as object_kind, station_code as object_code, station_name as object_name,
        coalesce('sông ' || river, '') as object_note, '38' as area_code, {{ hour_key('hour_at') }} as period_key, observed_at as read_at,
        level_m as value, 'm' as unit, 2 as decimals, 'down' as direction, level_no, if(level_no = 1, 'watch', 'alarm') as level,
        'Báo động ' || level_no as level_vi, limit_m as threshold, alarm_legal_ref as threshold_source_vi,
        coalesce(are_unverified[level_no], true) as is_unverified, level_m >= limit_m as is_on, level_m < limit_m - clear_margin as is_off, extract_ids
    from river_level
    where limit_m is not null
    union all
    select
        'TT01', 'rate_of_rise', 'station', station_code, station_name, coalesce('sông ' || river, ''), '38', {{ hour_key('hour_at') }}, observed_at,
        rise_m, 'm/3 giờ', 2, 'down', 1, 'watch', 'Nước lên nhanh', rise_by, rise_source, false, rise_m >= rise_by, rise_m < rise_by / 2, extract_ids
    from river
    where rise_by is not null
    union all
    select
        'TT06', 'threshold', 'reservoir', reservoir_code, reservoir_name, 'hồ chứa', '38', {{ hour_key('hour_at') }}, observed_at,
        level_m, 'm', 2, 'down', level_no, if(level_no = 1, 'watch', 'alarm'), if(level_no = 1, 'Trên mực nước cho phép', 'Trên mực nước kiểm tra'),
        level_limit_m, limit_source, if(is_flood_season and flood_season_limit_m is not null, is_season_limit_unverified, is_normal_unverified),
        level_m > level_limit_m, level_m <= level_limit_m - clear_margin, extract_ids
    from lake
    where level_m is not null and level_limit_m is not null
    union all
    select
        a.indicator_code, 'threshold', if(a.station_code is null, 'area', 'station'), coalesce(a.station_code, a.area_code),
        coalesce(s.station_name, gauge.station_name, a.station_code, 'Toàn tỉnh'), '', a.area_code, a.period_key, a.read_at,
        a.value, a.unit, a.decimals, a.direction, if(a.level = 'watch', 1, 2), a.level, if(a.level = 'watch', 'Cảnh báo', 'Báo động'),
        if(a.direction = 'band' and a.value > a.norm_max, a.norm_max, a.norm), a.norm_source, a.provenance = 'M',
        case a.direction when 'up' then a.value < a.norm when 'down' then a.value > a.norm else a.value < a.norm or a.value > a.norm_max end,
        case a.direction
            when 'up' then a.value >= a.norm + a.clear_margin
            when 'down' then a.value <= a.norm - a.clear_margin
            else a.value between a.norm + a.clear_margin and a.norm_max - a.clear_margin
        end,
        a.extract_ids
    from against_norm as a
    left join {{ ref('dim_station') }} as s using (station_code)
    left join gauge using (station_code)
)

select
    concat_ws('.', r.indicator_code, if(r.trigger_kind = 'threshold', 'nguong', 'len_nhanh'), r.object_code, r.level_no) as series,
    r.* exclude (object_name, object_note), if(r.object_note = '', r.object_name, r.object_name || ' (' || r.object_note || ')') as object_vi,
    act.agency_vi, act.procedure_vi, act.within_vi
from reading as r
inner join act on r.indicator_code = act.indicator_code and r.level = act.level
where r.value is not null
