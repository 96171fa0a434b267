{{ as_of_period('month', 'fct_big_problem', 'count(*) filter (where r.first_registered_date <= p.as_of_day)', 'count(*)', 'r.published_date <= p.as_of_day') }}
