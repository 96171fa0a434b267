{{ config(materialized='view') }}
-- The 166 communes for the map, a row a polygon: dossiers of the newest month, flash-flood risk of the newest hour.
with card as (
    select area_code, value, numerator, denominator, status_of_value, indicator_code from {{ ref('mart_indicator_card') }}
    where indicator_code in ('DX02', 'DX03') and area_code <> '38'
),

flood as (
    select area_code, risk_level from {{ ref('fct_flash_flood_hour') }}
    where hour_at = (select max(hour_at) from {{ ref('fct_flash_flood_hour') }})
),

joined as (
    select
        s.area_code, s.polygon_no, s.outer_ring as polygon, s.method,
        a.area_name, a.area_type, a.lat, a.lon, a.area_km2,
        on_time.denominator as dossiers_resolved, on_time.value as on_time_pct, online.denominator as dossiers_received, online.value as online_pct,
        coalesce(on_time.status_of_value, 'khong_du') as status,
        coalesce(flood.risk_level, 0) as flood_level
    from {{ ref('dim_area_shape') }} as s
    inner join {{ ref('dim_area') }} as a on s.area_code = a.area_code and a.is_current
    left join card as on_time on s.area_code = on_time.area_code and on_time.indicator_code = 'DX02'
    left join card as online on s.area_code = online.area_code and online.indicator_code = 'DX03'
    left join flood on s.area_code = flood.area_code
)

select
    *,
    ['thấp hoặc không có', 'trung bình', 'cao', 'rất cao'][flood_level + 1] as flood_level_vi,
    case status when 'dat' then 'Đạt' when 'chu_y' then 'Cần chú ý' when 'khong_dat' then 'Không đạt' else 'Không đủ dữ liệu' end as status_vi,
    case status when 'dat' then 40 when 'chu_y' then 244 when 'khong_dat' then 178 else 190 end as fill_r,
    case status when 'dat' then 161 when 'chu_y' then 178 when 'khong_dat' then 34 else 196 end as fill_g,
    case status when 'dat' then 106 when 'chu_y' then 60 when 'khong_dat' then 52 else 204 end as fill_b,
    area_name || ': đúng hạn ' || coalesce({{ vi_number('on_time_pct', '1') }} || ' %', '–') || ' trong ' || coalesce(cast(cast(dossiers_resolved as bigint) as varchar), '0')
        || ' hồ sơ; trực tuyến ' || coalesce({{ vi_number('online_pct', '1') }} || ' %', '–') || '; nguy cơ lũ quét ' || ['thấp hoặc không có', 'trung bình', 'cao', 'rất cao'][flood_level + 1] as tooltip_vi
from joined
