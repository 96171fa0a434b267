{{ config(tags=['always']) }}
-- One row a petition. Nothing about its sender comes this far.
select
    petition_code, source_area_code as area_code, field, is_in_competence, received_at, due_at, handled_at, satisfaction,
    -- an answer before the petition is an error of the source: handled, never on time
    handled_at is not null and handled_at <= due_at and handled_at >= received_at as is_on_time,
    -- judged once answered or late; what still has time says nothing yet
    is_in_competence and (handled_at is not null or due_at < current_timestamp) as is_judged,
    strftime(received_at at time zone 'Asia/Ho_Chi_Minh', '%Y%m') as month_key,
    updated_at, extract_id, loaded_at
from {{ ref('stg_ttpvhcc_phan_anh__phan_anh') }}
