-- Both eras of communes and the province. A code without a date is ambiguous: every code since 2025-07-01 reuses an old one.
with communes as (
    select area_code, area_name, area_type, '38' as parent_code, lat, lon, area_km2, date '2025-07-01' as valid_from, cast(null as date) as valid_to
    from {{ ref('stg_vietnamadminunits_dvhc__don_vi_moi') }}
),

former as (
    select area_code, area_name, area_type, district_code as parent_code, lat, lon, cast(null as double) as area_km2, date '1900-01-01' as valid_from, date '2025-06-30' as valid_to
    from {{ ref('stg_vietnamadminunits_dvhc__don_vi_cu') }}
),

province as (
    select '38' as area_code, 'Tỉnh Thanh Hóa' as area_name, 'tỉnh' as area_type, cast(null as varchar) as parent_code, avg(lat) as lat, avg(lon) as lon, sum(area_km2) as area_km2, date '1900-01-01' as valid_from, cast(null as date) as valid_to
    from communes
)

select
    area_code || '@' || strftime(valid_from, '%Y%m%d') as area_key,
    area_code,
    area_name,
    area_type,
    case when area_code = '38' then 'province' else 'commune' end as level,
    parent_code,
    lat,
    lon,
    area_km2,
    valid_from,
    valid_to,
    valid_to is null as is_current
from (select * from province union all select * from communes union all select * from former)
