-- People with piped clean water, a row a quarter and commune; more people served than live there is an error of the source.
select quarter_key, area_code, people, people_served, people_served > people as is_impossible, extract_id, loaded_at
from {{ ref('stg_soxd_do_thi__nuoc_sach') }}
