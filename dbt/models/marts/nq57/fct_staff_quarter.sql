-- Public employees of each agency at the end of each quarter since 2025: how many, in IT, and trained by then. People are
-- counted once, by a keyed hash that stays in staging: no row here is about one person.
with quarter_end as (
    select quarter_key, max(date_day) as last_day, least(max(date_day), current_date) as as_of_day
    from {{ ref('dim_date') }}
    where date_day >= date '2025-01-01'
    group by quarter_key
    having min(date_day) <= current_date
),

trained as (
    select
        person_hash, min(held_date) filter (where kind = 'pho_cap') as general_date, min(held_date) filter (where kind = 'chuyen_sau') as specialist_date,
        max(extract_id) as extract_id
    from {{ ref('stg_sonv_cbccvc__hoc_vien') }}
    group by person_hash
)

select
    q.quarter_key,
    s.agency_code,
    count(*) as n_staff,
    count(*) filter (where s.is_it) as n_it,
    count(*) filter (where t.general_date <= q.as_of_day) as n_trained_general,
    count(*) filter (where t.specialist_date <= q.as_of_day) as n_trained_specialist,
    least(max(s.loaded_at), cast(q.last_day + 1 as timestamp) at time zone 'Asia/Ho_Chi_Minh') as as_of,
    list_sort(list_distinct(list(s.extract_id) || list(t.extract_id) filter (where t.extract_id is not null))) as extract_ids
from quarter_end as q
inner join {{ ref('stg_sonv_cbccvc__cbccvc') }} as s on s.joined_date <= q.as_of_day and (s.left_date is null or s.left_date > q.as_of_day)
left join trained as t using (person_hash)
group by q.quarter_key, q.last_day, s.agency_code
