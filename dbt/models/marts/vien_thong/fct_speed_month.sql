select
    strftime(tested_at at time zone 'Asia/Ho_Chi_Minh', '%Y%m') as month_key, if(grouping(area_code) = 1, '38', area_code) as area_code,
    max(tested_at) as last_tested_at, count(*) as n_tests, median(download_mbps) as download_median_mbps, median(upload_mbps) as upload_median_mbps,
    list_sort(list(distinct extract_id)) as extract_ids, max(loaded_at) as loaded_at
from {{ ref('stg_sokhcn_toc_do__do_toc_do') }}
group by grouping sets ((month_key, stg_sokhcn_toc_do__do_toc_do.area_code), (month_key))
having grouping(area_code) = 1 or area_code is not null
