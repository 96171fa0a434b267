-- VN_WQI of each day by both groupings that are in use; `method` says which. They do not give the same number.
-- QD1460: pH/100 · pesticides/100 · metals/100 · (organic² · microbes)^⅓, at least 3 groups, organic with 3 parameters.
-- ENVISOFT: (pH and metals)/100 · (organic · turbidity · microbes)^⅓, at least 2 groups, organic among them.
-- Groups without data are left out of the products and roots.
with daily as (
    select d.*
    from {{ ref('fct_env_reading_day') }} as d
    inner join {{ ref('dim_station') }} as s using (station_code)
    where s.station_kind = 'nuoc_mat' and d.value_mean is not null
),

concentration as (
    select
        d.* replace (
            -- dissolved oxygen is judged in percent of what water of that temperature can hold; unknown temperature: no index
            case
                when d.parameter = 'DO' then 100 * d.value_mean / {{ do_saturation_mgl('t.value_mean') }}
                else d.value_mean
            end as value_mean
        )
    from daily as d
    left join daily as t
        on d.station_code = t.station_code and d.reading_date = t.reading_date and t.parameter = 'Temp'
),

sub_index as (
    select
        c.station_code,
        c.reading_date,
        c.parameter,
        max({{ interpolate('c.value_mean', 's') }}) as q
    from concentration as c
    inner join {{ ref('int_vn_wqi__segments') }} as s
        on c.parameter = s.parameter and c.value_mean between s.lower and s.upper
    group by all
),

-- means and products in the order of names: floating sums depend on the order, and two builds must agree to the last bit
grouped as (
    select
        i.station_code,
        i.reading_date,
        g.method,
        {%- for n in range(1, 6) %}
            avg(i.q order by i.parameter) filter (where g.group_no = {{ n }}) as mean_{{ n }},
        {%- endfor %}
        {{ geometric_mean('i.q', 'i.parameter', 'g.group_no = 2') }} as geometric_2,
        {{ geometric_mean('i.q', 'i.parameter', 'g.group_no = 3') }} as geometric_3,
        count(*) filter (where g.group_no = 4) as n_in_4,
        count(distinct g.group_no) as n_groups,
        count(*) as n_parameters,
        map_from_entries(list((i.parameter, round(i.q, 2)) order by i.parameter)) as sub_indices
    from sub_index as i
    inner join {{ ref('seed_vn_wqi_group') }} as g using (parameter)
    group by all
),

aggregated as (
    select
        *,
        case
            when method = 'QD1460' and n_groups >= 3 and n_in_4 >= 3
                then
                    coalesce(mean_1 / 100, 1) * coalesce(geometric_2 / 100, 1) * coalesce(geometric_3 / 100, 1)
                    * case when mean_5 is null then mean_4 else pow(pow(mean_4, 2) * mean_5, 1 / 3.0) end
            when method = 'ENVISOFT' and n_groups >= 2 and mean_2 is not null
                then coalesce(mean_1 / 100, 1) * pow(
                    mean_2 * coalesce(mean_3, 1) * coalesce(mean_4, 1),
                    1.0 / (1 + (mean_3 is not null)::integer + (mean_4 is not null)::integer)
                )
        end as exact
    from grouped
),

provenance as (
    select
        station_code,
        reading_date,
        min(n_hours) as n_hours,
        max(last_reading_at) as last_reading_at,
        {{ merge_extracts('extract_ids') }} as extract_ids
    from daily
    group by all
)

select
    a.station_code,
    a.reading_date,
    a.method,
    cast({{ half_up('a.exact') }} as integer) as wqi,
    row_number() over (partition by a.reading_date, a.method order by wqi nulls last, a.station_code) = 1 and wqi is not null as is_worst,
    b.level as wqi_level,
    b.band_vi,
    b.band_en,
    a.n_groups,
    a.n_parameters,
    a.mean_1 as index_group_1,
    if(a.method = 'QD1460', a.geometric_2, a.mean_2) as index_group_2,
    if(a.method = 'QD1460', a.geometric_3, a.mean_3) as index_group_3,
    a.mean_4 as index_group_4,
    a.mean_5 as index_group_5,
    a.sub_indices,
    p.n_hours,
    p.last_reading_at,
    p.extract_ids
from aggregated as a
inner join provenance as p using (station_code, reading_date)
left join {{ ref('seed_vn_wqi_band') }} as b on {{ half_up('a.exact') }} between b.index_min and b.index_max
