{{ config(tags=['always']) }}
-- One row a civic field report. Nothing about its sender comes this far.
select
    report_code, field, area_code, sent_at, due_at, done_at,
    -- done before it was sent is an error of the source: done, never on time
    done_at is not null and done_at <= due_at and done_at >= sent_at as is_on_time,
    -- judged once done or late; what still has time says nothing yet
    done_at is not null or due_at < current_timestamp as is_judged,
    strftime(sent_at at time zone 'Asia/Ho_Chi_Minh', '%Y%m%d') as day_key,
    extract_id, loaded_at
from {{ ref('stg_soxd_do_thi__phan_anh') }}
