with raw as (
    select * from {{ source('raw', 'sonnmt_quan_trac__so_do') }}
),

alias as (
    select * from {{ ref('seed_env_parameter_alias') }}
)

select
    raw.ma_tram as station_code,
    coalesce(alias.parameter, raw.thong_so) as parameter,
    raw.thong_so as parameter_as_sent,
    raw.thoi_gian as reading_at,
    cast(raw.gia_tri as double) as value,
    raw.don_vi as unit,
    raw.trang_thai as status,
    raw._extract_id as extract_id,
    raw._loaded_at as loaded_at,
    raw._row_number as row_number
from raw
left join alias on upper(trim(raw.thong_so)) = alias.alias_key
