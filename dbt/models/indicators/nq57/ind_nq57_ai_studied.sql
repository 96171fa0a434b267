{{ as_of_day('fct_ai_project', 'count(*) filter (where r.deployed_date is null or r.deployed_date > d.date_day)', 'r.started_date <= d.date_day') }}
