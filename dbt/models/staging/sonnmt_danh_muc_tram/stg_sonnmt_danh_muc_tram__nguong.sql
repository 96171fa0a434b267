with raw as (
    select * from {{ source('raw', 'sonnmt_danh_muc_tram__nguong') }}
),

alias as (
    select * from {{ ref('seed_env_parameter_alias') }}
)

select
    raw.ma_tram as station_code,
    coalesce(alias.parameter, raw.thong_so) as parameter,
    raw.tu_ngay as valid_from,
    raw.den_ngay as valid_to,
    cast(raw.gia_tri_min as double) as limit_min,
    cast(raw.gia_tri_max as double) as limit_max,
    raw.don_vi as unit,
    raw.can_cu as legal_ref,
    raw._extract_id as extract_id,
    raw._loaded_at as loaded_at
from raw
left join alias on upper(trim(raw.thong_so)) = alias.alias_key
