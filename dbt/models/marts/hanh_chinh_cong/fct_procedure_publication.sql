-- One row a decision that announces a procedure, the day by which the source wants it published, and when it was.
select
    decision_code, procedure_code, announced_date, strftime(announced_date, '%Y%m') as month_key, due_date, published_date,
    coalesce(published_date <= due_date, false) as is_on_time,
    published_date is not null or due_date < current_date as is_judged,
    extract_id, loaded_at
from {{ ref('stg_ttpvhcc_phan_anh__cong_khai_tthc') }}
