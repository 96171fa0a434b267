-- One row a firm of the Nghi Sơn economic zone, with the day since when it uses a digital platform. Firms are not projects.
with platform as (
    select tax_code, min(adopted_date) as digital_since_date, list_sort(list(distinct platform)) as platforms
    from {{ ref('stg_kktns_doanh_nghiep__chuyen_doi_so') }}
    group by tax_code
)

select f.tax_code, f.firm_name, f.zone, f.status, f.status_date, f.employees, f.granted_date, p.digital_since_date, p.platforms, f.extract_id, f.loaded_at
from {{ ref('stg_kktns_doanh_nghiep__doanh_nghiep') }} as f
left join platform as p using (tax_code)
