{{ as_of_period('month', 'dim_hospital', 'count(*) filter (where r.emr_date <= p.as_of_day)', 'count(*)', 'true') }}
