-- Levels as the press printed them, and whether their words (“trên BĐ2 0,07 m”) agree with the metres and the station's
-- thresholds. Alarms come from metres alone; a disputed sentence is a finding on quality.
with said as (
    select
        *,
        cast(nullif(regexp_extract(words, 'BĐ([123])', 1), '') as integer) as said_level,
        cast(replace(nullif(regexp_extract(words, '(\d+,\d+) m', 1), ''), ',', '.') as double)
        * if(words like 'dưới%', -1, 1) as said_margin_m
    from {{ ref('stg_bchptds_thien_tai__tin_da_dang') }}
),

judged as (
    select
        s.*,
        d.station_code,
        [d.bd1_m, d.bd2_m, d.bd3_m][s.said_level] as threshold_m,
        cast({{ alarm_level("s.level_m", "d.bd1_m", "d.bd2_m", "d.bd3_m") }} as integer) as alarm_level
    from said as s
    left join {{ ref('dim_station') }} as d on s.station_name = d.station_name and d.station_kind = 'thuy_van'
)

select
    line_number,
    station_code,
    station_name,
    level_m,
    words,
    source_words as source,
    said_level,
    said_margin_m,
    threshold_m,
    round(level_m - threshold_m, 2) as margin_m,
    alarm_level,
    coalesce(abs(level_m - threshold_m - said_margin_m) > 0.005, false) as is_disputed,
    extract_id,
    loaded_at
from judged
