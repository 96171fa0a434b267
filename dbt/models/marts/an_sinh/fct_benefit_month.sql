-- Benefits paid, a row a month and commune of the register; communes where one to four people were paid, and people on no
-- register, are one row without a commune. Through an account: by transfer, and the bank is known.
with paid as (
    select
        c.month_key, p.area_code, count(*) as people_paid, sum(c.amount_vnd) as amount_vnd,
        coalesce(sum(c.amount_vnd) filter (where c.method_code = '2' and c.bank_code is not null), 0) as account_vnd,
        count(*) filter (where c.method_code = '2' and c.bank_code is null) as transfers_without_bank,
        max(c.loaded_at) as loaded_at, max(c.extract_id) as extract_id, max(p.extract_id) as register_extract_id
    from {{ ref('stg_sonv_bao_tro__chi_tra') }} as c
    left join {{ ref('stg_sonv_bao_tro__doi_tuong') }} as p using (person_hash)
    group by c.month_key, p.area_code
),

suppressed as (
    {{ suppress_small('paid', 'month_key', 'people_paid') }}
)

select
    month_key, area_code, cast(sum(people_paid) as bigint) as people_paid, cast(sum(amount_vnd) as bigint) as amount_vnd, cast(sum(account_vnd) as bigint) as account_vnd,
    cast(sum(transfers_without_bank) as bigint) as transfers_without_bank, max(loaded_at) as loaded_at, max(extract_id) as extract_id,
    max(register_extract_id) as register_extract_id
from suppressed
group by month_key, area_code
