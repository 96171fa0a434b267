with permit as (
    select
        'station' as subject_kind, station_code as subject_code, parameter, 'limit' as level, limit_min as value_min, limit_max as value_max, unit,
        valid_from, valid_to, cast(null as varchar) as season_from, cast(null as varchar) as season_to, legal_ref, false as is_unverified
    from {{ ref('stg_sonnmt_danh_muc_tram__nguong') }}
),

alarm as (
    select
        s.station_code, s.alarm_legal_ref, seed.valid_from, seed.valid_to,
        unnest([
            {'level': 'alarm_1', 'metres': s.bd1_m, 'is_unverified': s.is_bd1_unverified},
            {'level': 'alarm_2', 'metres': s.bd2_m, 'is_unverified': s.is_bd2_unverified},
            {'level': 'alarm_3', 'metres': s.bd3_m, 'is_unverified': s.is_bd3_unverified}
        ], recursive := true)
    from {{ ref('dim_station') }} as s
    left join {{ ref('seed_river_station') }} as seed using (station_name)
),

lake as (
    select
        r.reservoir_code, r.source, r.limit_source,
        strftime(strptime(lpad(cast(r.flood_season_from as varchar), 4, '0'), '%m%d'), '%m-%d') as season_from,
        strftime(strptime(lpad(cast(r.flood_season_to as varchar), 4, '0'), '%m%d'), '%m-%d') as season_to,
        unnest([
            {'level': 'normal', 'metres': r.normal_level_m, 'is_unverified': r.is_normal_unverified},
            {'level': 'dead', 'metres': r.dead_level_m, 'is_unverified': r.is_dead_unverified},
            {'level': 'check', 'metres': r.check_level_m, 'is_unverified': false},
            {'level': 'flood_season', 'metres': r.flood_season_limit_m, 'is_unverified': r.is_season_limit_unverified}
        ], recursive := true)
    from {{ ref('dim_reservoir') }} as r
),

national as (
    select
        'national', 'VN', parameter || ' · ' || averaging, 'limit', null, limit_ugm3, 'µg/m³', valid_from, valid_to, null, null, source, is_unverified
    from {{ ref('seed_qcvn05_2023_air') }}
),

-- Class D is what C does not reach, and “no floating waste” is no number. The circular is that of QCVN 05, so its day is that one's.
river as (
    select
        parameter, 'class_' || lower(class) as level, try_cast(regexp_extract(limit_text, '^(?:>=)?([0-9.]+)(?:-[0-9.]+)?$', 1) as double) as value_min,
        try_cast(regexp_extract(limit_text, '^(?:<=|[0-9.]+-)([0-9.]+)$', 1) as double) as value_max, nullif(unit, '-') as unit, source, is_unverified
    from {{ ref('seed_qcvn08_2023_river') }}
    where class <> 'D'
),

licence as (
    select
        'mine' as subject_kind, licence_code, 'khai thác trong năm' as parameter, licensed_m3, 'm³/năm' as unit, granted_date as valid_from, expiry_date as valid_to
    from {{ ref('stg_sonnmt_khoang_san_nuoc__mo_ks') }}
    union all
    select 'water', licence_code, 'khai thác nước', licensed_m3, 'm³/ngày đêm', from_date, to_date
    from {{ ref('stg_sonnmt_khoang_san_nuoc__gp_tnn') }}
)

select * from permit
union all
select
    'station', station_code, 'mực nước', level, null, metres, 'm', coalesce(valid_from, date '1900-01-01'), valid_to, null, null, alarm_legal_ref, is_unverified
from alarm
where metres is not null
union all
select
    'reservoir', reservoir_code, 'mực nước hồ', level, null, metres, 'm', date '1900-01-01', null,
    if(level = 'flood_season', season_from, null), if(level = 'flood_season', season_to, null), if(level = 'flood_season', limit_source, source), is_unverified
from lake
where metres is not null
union all
select * from national
union all
select 'national', 'VN', parameter, level, value_min, value_max, unit, date '2023-09-12', null, null, null, source, is_unverified
from river
where coalesce(value_min, value_max) is not null
union all
select subject_kind, licence_code, parameter, 'limit', null, licensed_m3, unit, valid_from, valid_to, null, null, 'Giấy phép ' || licence_code, false
from licence
