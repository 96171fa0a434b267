{{ as_of_day('fct_training_session', 'sum(r.attendances)', "r.held_date <= d.date_day and r.kind = 'specialist'") }}
