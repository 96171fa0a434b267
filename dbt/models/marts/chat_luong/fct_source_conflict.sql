-- A quantity more is a branch more: (quantity, period, source, value, when known, extract). The first source is the register
-- that owns the quantity.
{% set conflict_pct = 1 -%}
with told as (
    select 'Số hộ' as quantity, 1 as rank, strftime(last_day(strptime(month_key, '%Y%m')), '%Y') || quarter(strptime(month_key, '%Y%m')) as period_key,
        'catinh_dan_so' as source_id, cast(sum(households) as double) as value, max(loaded_at) as as_of, list_distinct(list(extract_id)) as extract_ids
    from {{ ref('fct_population_month') }}
    where cast(right(month_key, 2) as integer) % 3 = 0
    group by month_key
    union all
    select 'Số hộ', 2, quarter_key, 'sokhcn_vien_thong', sum(households), max(loaded_at), list_distinct(list(extract_id))
    from {{ ref('fct_fibre_quarter') }}
    group by quarter_key
    union all
    select 'Dân số', 1, strftime(last_day(strptime(month_key, '%Y%m')), '%Y') || quarter(strptime(month_key, '%Y%m')), 'catinh_dan_so', sum(people), max(loaded_at), list_distinct(list(extract_id))
    from {{ ref('fct_population_month') }}
    where cast(right(month_key, 2) as integer) % 3 = 0
    group by month_key
    union all
    select 'Dân số', 2, quarter_key, 'soxd_do_thi', sum(people), max(loaded_at), list_distinct(list(extract_id))
    from {{ ref('fct_clean_water_quarter') }}
    group by quarter_key
    union all
    select 'Doanh nghiệp khoa học và công nghệ', 1, cast(p.figure_year as varchar), 'sokhcn_quy', count(f.tax_code), max(f.loaded_at), list_distinct(list(f.extract_id))
    from {{ ref('fct_published_figure') }} as p
    inner join {{ ref('fct_science_firm') }} as f on f.granted_date <= make_date(p.figure_year, 12, 31) and coalesce(f.ended_date, date '9999-12-31') > make_date(p.figure_year, 12, 31)
    where p.indicator_code = 'KH05' and p.is_ours
    group by p.figure_year
    union all
    select 'Doanh nghiệp khoa học và công nghệ', 2, cast(figure_year as varchar), 'vpubnd_cong_bo', score, loaded_at, [extract_id]
    from {{ ref('fct_published_figure') }}
    where indicator_code = 'KH05' and is_ours
    union all
    select 'Nhiệm vụ NQ57 hoàn thành', 1, day_key, 'vptu_nq57 (bảng nhiệm vụ)', n_done, as_of, extract_ids
    from {{ ref('fct_task_day') }}
    union all
    select 'Nhiệm vụ NQ57 hoàn thành', 2, d.day_key, 'vptu_nq57 (nhật ký)', count(*) filter (where e.new_state = 'hoan_thanh'), max(e.loaded_at), list_distinct(list(e.extract_id))
    from {{ ref('fct_task_day') }} as d
    inner join (
        select task_code, new_state, changed_date, extract_id, loaded_at, lead(changed_date) over (partition by task_code order by change_no) as until_date from {{ ref('fct_task_event') }}
    ) as e on d.date_day >= e.changed_date and (e.until_date is null or d.date_day < e.until_date)
    group by d.day_key
),

paired as (
    select
        a.quantity, a.period_key, a.source_id as source_a, a.value as value_a, b.source_id as source_b, b.value as value_b,
        100 * abs(b.value - a.value) / nullif(abs(a.value), 0) as difference_pct, greatest(a.as_of, b.as_of) as as_of,
        list_sort(list_distinct(a.extract_ids || b.extract_ids)) as extract_ids
    from told as a
    inner join told as b on a.quantity = b.quantity and a.period_key = b.period_key and a.rank = 1 and b.rank = 2
    where a.value is not null and b.value is not null
    qualify row_number() over (partition by a.quantity order by a.period_key desc) = 1
)

select
    quantity, period_key, source_a, value_a, source_b, value_b, difference_pct, cast({{ conflict_pct }} as double) as threshold_pct,
    coalesce(difference_pct > {{ conflict_pct }}, value_b <> 0) as is_conflict, as_of, extract_ids
from paired
