-- Both eras of communes, the districts of the old one, and the province. A code without a date is ambiguous: every code since
-- 2025-07-01 reuses an old one. Districts ended with the two-level government; Đông Sơn had joined the city half a year before.
with communes as (
    select area_code, area_name, area_type, '38' as parent_code, lat, lon, area_km2, date '2025-07-01' as valid_from, cast(null as date) as valid_to, false as is_unverified
    from {{ ref('stg_vietnamadminunits_dvhc__don_vi_moi') }}
),

former as (
    select area_code, area_name, area_type, district_code as parent_code, lat, lon, cast(null as double) as area_km2, date '1900-01-01' as valid_from, date '2025-06-30' as valid_to, false as is_unverified
    from {{ ref('stg_vietnamadminunits_dvhc__don_vi_cu') }}
),

districts as (
    select
        f.district_code as area_code, f.district_name as area_name, lower(regexp_extract(f.district_name, '^(Thành phố|Thị xã|Huyện)')) as area_type,
        '38' as parent_code, avg(f.lat) as lat, avg(f.lon) as lon, cast(null as double) as area_km2,
        coalesce(any_value(past.valid_to) + 1, date '1900-01-01') as valid_from, date '2025-06-30' as valid_to, any_value(past.valid_to) is not null as is_unverified
    from {{ ref('stg_vietnamadminunits_dvhc__don_vi_cu') }} as f
    left join {{ ref('seed_district_past') }} as past using (district_code)
    group by f.district_code, f.district_name
    union all
    select district_code, district_name, area_type, '38', null, null, null, valid_from, valid_to, is_unverified
    from {{ ref('seed_district_past') }}
),

province as (
    select '38' as area_code, 'Tỉnh Thanh Hóa' as area_name, 'tỉnh' as area_type, cast(null as varchar) as parent_code, avg(lat) as lat, avg(lon) as lon, sum(area_km2) as area_km2, date '1900-01-01' as valid_from, cast(null as date) as valid_to, false as is_unverified
    from communes
)

select
    area_code || '@' || strftime(valid_from, '%Y%m%d') as area_key,
    area_code,
    area_name,
    area_type,
    level,
    parent_code,
    lat,
    lon,
    area_km2,
    valid_from,
    valid_to,
    valid_to is null as is_current,
    is_unverified
from (
    select *, 'province' as level from province
    union all
    select *, 'commune' from communes
    union all
    select *, 'commune' from former
    union all
    select *, 'district' from districts
)
