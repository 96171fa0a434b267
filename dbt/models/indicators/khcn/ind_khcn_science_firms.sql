{{ as_of_period('quarter', 'fct_science_firm', 'count(*)', '1', 'r.granted_date <= p.as_of_day and (r.ended_date is null or r.ended_date > p.as_of_day)', scale=1) }}
