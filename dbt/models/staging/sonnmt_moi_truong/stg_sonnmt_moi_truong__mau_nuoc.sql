with raw as (
    select * from {{ source('raw', 'sonnmt_moi_truong__mau_nuoc') }}
),

alias as (
    select * from {{ ref('seed_env_parameter_alias') }}
)

select
    raw.ma_diem as point_code,
    raw.ten_diem as point_name,
    raw.ma_xa as area_code,
    raw.ngay as sampled_date,
    coalesce(alias.parameter, raw.thong_so) as parameter,
    raw.ket_qua as result_text,
    raw.gioi_han as detection_limit,
    raw.don_vi as unit,
    raw._extract_id as extract_id,
    raw._loaded_at as loaded_at
from raw
left join alias on upper(trim(raw.thong_so)) = alias.alias_key
