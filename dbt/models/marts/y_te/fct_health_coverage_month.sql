-- Health-insurance cards and e-health records beside the people, a row a month and commune. Cards that still name an old
-- commune count where that went, shared out where it was split; a code that lives on means the commune of today.
with named as (
    select c.*, today.area_code is null as is_old
    from {{ ref('stg_bhxh_the_bhyt__the_bhyt') }} as c
    left join {{ ref('int_area__resolved') }} as today on c.source_area_code = today.source_code and today.era = 'since_2025_07'
),

placed as (
    {{ on_todays_map('named', ['cards'], ['month_key', 'extract_id', 'loaded_at'], is_old='o.is_old') }}
),

card as (
    select month_key, area_code, sum(cards order by source_code) as cards, bool_or(is_re_estimated) as is_re_estimated,
        max(extract_id) as extract_id, max(loaded_at) as loaded_at
    from placed
    group by month_key, area_code
)

select
    p.month_key, p.area_code, p.people, r.records, card.cards, coalesce(card.is_re_estimated, false) as is_re_estimated, p.extract_id as people_extract_id,
    r.extract_id as records_extract_id, card.extract_id as cards_extract_id, greatest(p.loaded_at, r.loaded_at, card.loaded_at) as loaded_at
from {{ ref('fct_population_month') }} as p
left join {{ ref('stg_soyt_y_te__hssk') }} as r using (month_key, area_code)
left join card using (month_key, area_code)
