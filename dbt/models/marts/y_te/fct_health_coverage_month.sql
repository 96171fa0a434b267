-- Health-insurance cards and e-health records beside the people, a row a month and commune. A card that still names an old
-- commune counts where that went; a code that lives on means the commune of today.
with card as (
    select
        c.month_key, coalesce(new.area_code, old.area_code) as area_code, cast(sum(c.cards) as bigint) as cards, max(c.extract_id) as extract_id, max(c.loaded_at) as loaded_at
    from {{ ref('stg_bhxh_the_bhyt__the_bhyt') }} as c
    left join {{ ref('int_area__resolved') }} as new on c.source_area_code = new.source_code and new.era = 'since_2025_07'
    left join {{ ref('int_area__resolved') }} as old on c.source_area_code = old.source_code and old.era = 'before_2025_07'
    group by all
)

select
    p.month_key, p.area_code, p.people, r.records, card.cards, p.extract_id as people_extract_id, r.extract_id as records_extract_id,
    card.extract_id as cards_extract_id, greatest(p.loaded_at, r.loaded_at, card.loaded_at) as loaded_at
from {{ ref('fct_population_month') }} as p
left join {{ ref('stg_soyt_y_te__hssk') }} as r using (month_key, area_code)
left join card using (month_key, area_code)
