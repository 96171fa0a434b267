-- One row an order and a commune that it went to. Minutes only where the commune wrote a time that is not before the order.
select
    r.order_number,
    o.event_code,
    r.area_code,
    o.issued_at,
    r.received_at,
    case when r.received_at >= o.issued_at then date_diff('minute', o.issued_at, r.received_at) end as lead_minutes,
    r.received_at is null as is_missing,
    coalesce(r.received_at < o.issued_at, false) as is_impossible,
    r.extract_id,
    r.loaded_at
from {{ ref('stg_bchptds_thien_tai__xa_nhan') }} as r
inner join {{ ref('stg_bchptds_thien_tai__cong_dien') }} as o using (order_number)
