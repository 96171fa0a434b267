{{ config(materialized='view') }}
-- The province in one line: the worst of the home cards, why, and what is late. Green only when no home card is late.
with card as (
    select * from {{ ref('card_now') }} where area_code = '38' and home_order is not null
),

counted as (
    select
        count(*) filter (where status = 'khong_dat') as n_red,
        count(*) filter (where status = 'chu_y') as n_yellow,
        count(*) filter (where status = 'dat') as n_green,
        count(*) filter (where status in ('khong_du', 'khong_chuan')) as n_unknown,
        count(*) filter (where status = 'khong_du') as n_late_cards,
        string_agg(title_vi || ' (' || value_vi || case when unit = '%' then ' %' else ' ' || unit end || ')', '; ' order by home_order) filter (where status = 'khong_dat') as red_vi,
        string_agg(title_vi, '; ' order by home_order) filter (where status = 'chu_y') as yellow_vi,
        string_agg(title_vi, '; ' order by home_order) filter (where status = 'khong_du') as late_cards_vi,
        count(*) filter (where is_held) as n_held,
        string_agg(title_vi, '; ' order by home_order) filter (where is_held) as held_vi,
        bool_or(is_made_up) as is_made_up
    from card
),

late as (
    select
        count(*) filter (where state in ('cham', 'loi')) as n_late_sources,
        string_agg(title_vi, '; ') filter (where state in ('cham', 'loi')) as late_vi,
        count(*) filter (where state = 'chua_co') as n_never
    from {{ ref('source_now') }}
)

select
    case when n_red > 0 then 'khong_dat' when n_yellow > 0 then 'chu_y' when n_green > 0 and n_late_cards = 0 and n_held = 0 then 'dat' else 'khong_du' end as status,
    case when n_red > 0 then 'CẦN XỬ LÝ' when n_yellow > 0 then 'CẦN CHÚ Ý' when n_green > 0 and n_late_cards = 0 and n_held = 0 then 'BÌNH THƯỜNG' else 'KHÔNG ĐỦ DỮ LIỆU' end as status_vi,
    case when n_red > 0 then '■' when n_yellow > 0 then '▲' when n_green > 0 and n_late_cards = 0 and n_held = 0 then '●' else '○' end as status_icon,
    case
        when n_red > 0 then n_red || ' chỉ tiêu không đạt: ' || red_vi || '.'
        when n_yellow > 0 then n_yellow || ' chỉ tiêu cần chú ý: ' || yellow_vi || '.'
        when n_green > 0 and n_late_cards = 0 and n_held = 0 then 'Các chỉ tiêu có chuẩn đều đạt.'
        when n_green > 0 then n_green || ' chỉ tiêu đạt, không chỉ tiêu nào quá ngưỡng.'
        else 'Chưa có số liệu trong hạn cam kết.'
    end
    || case when n_late_cards > 0 then ' ' || n_late_cards || ' chỉ tiêu không đủ dữ liệu: ' || late_cards_vi || '.' else '' end
    || case when n_held > 0 then ' ' || n_held || ' chỉ tiêu giữ số của bản trước vì dữ liệu mới chưa đạt: ' || held_vi || '.' else '' end
    || case when n_late_sources > 0 then ' ' || n_late_sources || ' nguồn chậm hoặc lỗi: ' || late_vi || '.' else '' end
    || case when n_never > 0 then ' ' || n_never || ' nguồn chưa có số liệu.' when n_late_sources = 0 then ' Mọi nguồn đúng hẹn.' else '' end as sentence_vi,
    n_red, n_yellow, n_green, n_unknown, n_late_sources,
    b.build_id, b.built_at, {{ vi_time('b.built_at') }} as built_vi,
    case when is_made_up then 'SỐ LIỆU MINH HỌA' else '' end as made_up_vi
from counted, late, {{ ref('build') }} as b
