{{ config(tags=['always'], materialized='view') }}
-- The card at this moment: past its promise a number is “chậm”, whatever its value, and is never green.
with aged as (
    select *, greatest(0, epoch(current_timestamp - as_of) / 60) as age_minutes from {{ ref('mart_indicator_card') }}
),

stale as (
    select *, coalesce(age_minutes > stale_after_minutes, true) as is_stale from aged
),

decided as (
    select *, case when is_stale then 'khong_du' else status_of_value end as status from stale
)

select
    * exclude (status_of_value, reason_of_value_vi),
    case status when 'dat' then 'Đạt' when 'chu_y' then 'Cần chú ý' when 'khong_dat' then 'Không đạt' when 'khong_du' then 'Không đủ dữ liệu' else 'Chưa có chuẩn' end as status_vi,
    case status when 'dat' then 'Met' when 'chu_y' then 'Watch' when 'khong_dat' then 'Not met' when 'khong_du' then 'Not enough data' else 'No norm' end as status_en,
    case status when 'dat' then '●' when 'chu_y' then '▲' when 'khong_dat' then '■' when 'khong_du' then '○' else '–' end as status_icon,
    case when is_stale then 'Số liệu chậm hơn cam kết (' || promise_vi || ')' else reason_of_value_vi end as reason_vi,
    case status when 'khong_dat' then 1 when 'chu_y' then 2 when 'khong_du' then 3 when 'dat' then 4 else 5 end as status_order,
    {{ vi_age('age_minutes') }} as age_vi
from decided
