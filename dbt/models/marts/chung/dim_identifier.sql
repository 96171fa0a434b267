-- A system more is a branch more; dim_directory puts them side by side.
with unit as (
    select area_code, area_name from {{ ref('stg_vietnamadminunits_dvhc__don_vi_moi') }}
),

commune as (
    select area_code, area_name, 'Mã xã từ 01/7/2025' as code_system, area_code as code, date '2025-07-01' as valid_from, cast(null as date) as valid_to, 'vietnamadminunits_dvhc' as source_id
    from unit
    union all
    select u.area_code, u.area_name, 'Mã xã đến 30/6/2025', b.old_code, null, date '2025-06-30', 'vietnamadminunits_dvhc'
    from {{ ref('bridge_area_old_new') }} as b
    inner join unit as u on b.new_code = u.area_code
    union all
    select u.area_code, u.area_name, 'Mã H56', d.agency_code, null, null, 'ttpvhcc_mot_cua'
    from {{ ref('stg_ttpvhcc_mot_cua__don_vi') }} as d
    inner join unit as u using (area_code)
    where d.agency_level <> 'tinh'
    union all
    select u.area_code, u.area_name, 'Mã đơn vị, sổ CBCCVC', d.agency_code, null, null, 'sonv_cbccvc'
    from {{ ref('stg_ttpvhcc_mot_cua__don_vi') }} as d
    inner join unit as u using (area_code)
    semi join {{ ref('stg_sonv_cbccvc__cbccvc') }} as s using (agency_code)
    where d.agency_level <> 'tinh'
),

firm as (
    select tax_code, firm_name, 'Mã số thuế' as code_system, tax_code as code, granted_date as valid_from, cast(null as date) as valid_to, 'kktns_doanh_nghiep' as source_id
    from {{ ref('fct_firm') }}
    union all
    select tax_code, firm_name, 'Giấy chứng nhận doanh nghiệp KH&CN', certificate_code, granted_date, ended_date, 'sokhcn_quy'
    from {{ ref('fct_science_firm') }}
    union all
    select tax_code, max_by(firm_name, audit_year), 'Sổ kiểm toán năng lượng', tax_code as code, null, null, 'soct_nang_luong'
    from {{ ref('fct_energy_audit') }}
    group by tax_code
    union all
    select tax_code, null, 'Đăng ký bài toán lớn', problem_code, min(registered_date), null, 'sokhcn_bai_toan'
    from {{ ref('stg_sokhcn_bai_toan__bai_toan_dn') }}
    group by tax_code, problem_code
),

agency as (
    select agency_code, agency_name, 'Mã H56' as code_system, agency_code as code, 'ttpvhcc_mot_cua' as source_id
    from {{ ref('stg_ttpvhcc_mot_cua__don_vi') }}
    where agency_level = 'tinh'
    union all
    select d.agency_code, d.agency_name, 'Mã đơn vị, sổ CBCCVC', d.agency_code as code, 'sonv_cbccvc'
    from {{ ref('stg_ttpvhcc_mot_cua__don_vi') }} as d
    semi join {{ ref('stg_sonv_cbccvc__cbccvc') }} as s using (agency_code)
    where d.agency_level = 'tinh'
    union all
    select distinct coalesce(d.successor_key, d.agency_key), coalesce(heir.agency_name, d.agency_name), 'Tên, sổ nhiệm vụ NQ57', d.agency_name, 'vptu_nq57'
    from {{ ref('dim_agency') }} as d
    semi join {{ ref('fct_task') }} as t on d.agency_name = t.lead_agency
    left join {{ ref('dim_agency') }} as heir on d.successor_key = heir.agency_key
),

site as (
    select 'school' as entity_kind, school_code as code, max_by(school_name, school_year) as entity_name, max_by(area_code, school_year) as area_code, 'Mã trường' as code_system, 'sogddt_truong_hoc' as source_id
    from {{ ref('fct_school_year') }}
    group by school_code
    union all
    select 'hospital', hospital_code, hospital_name, area_code, 'Mã cơ sở khám chữa bệnh', 'soyt_y_te'
    from {{ ref('dim_hospital') }}
    union all
    select
        'station', station_code, station_name, area_code, if(station_kind = 'thuy_van', 'Mã trạm thủy văn', 'Mã trạm quan trắc'),
        if(station_kind = 'thuy_van', 'kttv_thien_tai', 'sonnmt_danh_muc_tram')
    from {{ ref('dim_station') }}
    union all
    select 'reservoir', reservoir_code, reservoir_name, null, 'Mã hồ', 'sonnmt_ho_chua'
    from {{ ref('dim_reservoir') }}
    union all
    select 'station', station_code, max_by(station_name, observed_at), null, 'Mã trạm đo mưa', 'kttv_mua_gio'
    from {{ ref('stg_kttv_mua_gio__mua') }}
    group by station_code
    union all
    select 'power_plant', plant_code, plant_name, area_code, 'Mã nhà máy điện', 'soct_nang_luong'
    from {{ ref('dim_renewable_plant') }}
    union all
    select 'farm_zone', zone_code, zone_name, area_code, 'Mã khu nông nghiệp công nghệ cao', 'sonnmt_nncnc'
    from {{ ref('dim_farm_zone') }}
)

select 'commune' as entity_kind, area_code as entity_code, area_name as entity_name, area_code, code_system, code, valid_from, valid_to, source_id
from commune
union all
select 'firm', tax_code, min_by(firm_name, source_id) over (partition by tax_code), null, code_system, code, valid_from, valid_to, source_id
from firm
union all
select 'agency', agency_code, agency_name, null, code_system, code, null, null, source_id
from agency
union all
select entity_kind, code as entity_code, entity_name, area_code, code_system, code, null, null, source_id
from site
