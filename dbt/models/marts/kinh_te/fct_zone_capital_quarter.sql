-- Dollars and đồng have columns of their own and are never added: no exchange rate is in the source.
select
    c.project_code, c.quarter_key, p.capital_kind,
    coalesce(p.granted_date <= q.last_day and coalesce(p.ended_date, date '9999-12-31') > q.last_day, false) as is_in_force,
    if(c.unit = 'ty_dong', c.registered, null) as registered_billion_vnd, if(c.unit = 'ty_dong', c.realised, null) as realised_billion_vnd,
    if(c.unit = 'trieu_usd', c.registered, null) as registered_million_usd, if(c.unit = 'trieu_usd', c.realised, null) as realised_million_usd,
    coalesce(c.realised < lag(c.realised) over (partition by c.project_code, c.unit order by c.quarter_key), false) as is_falling, c.extract_id, c.loaded_at
from {{ ref('stg_kktns_doanh_nghiep__von_du_an') }} as c
left join {{ ref('stg_kktns_doanh_nghiep__du_an') }} as p using (project_code)
left join (select quarter_key, max(date_day) as last_day from {{ ref('dim_date') }} group by quarter_key) as q using (quarter_key)
