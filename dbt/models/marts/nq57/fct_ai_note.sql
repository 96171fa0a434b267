-- One row an AI note of the operations centre, and the directive that used it, if any.
select
    note_code, noted_at, strftime(noted_at at time zone 'Asia/Ho_Chi_Minh', '%Y%m') as month_key, field, model_name, input_period, confidence,
    directive_code, directive_code is not null as is_used, extract_id, loaded_at
from {{ ref('stg_ioc_ai__ai_phan_tich') }}
