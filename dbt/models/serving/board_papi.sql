{{ config(materialized='view') }}
-- PAPI of Thanh Hóa by dimension and year (sum of sub-dimensions). Real data, empty without IOC_OPEN_DATA.
select
    make_date(score_year, 1, 1) as year_start_date,
    ['Tham gia của người dân', 'Công khai, minh bạch', 'Trách nhiệm giải trình', 'Kiểm soát tham nhũng', 'Thủ tục hành chính công', 'Cung ứng dịch vụ công', 'Quản trị môi trường', 'Quản trị điện tử'][cast(substr(criterion_code, 3, 1) as integer)] as dimension_vi,
    round(sum(score), 2) as score
from {{ ref('fct_papi_year') }}
group by all
