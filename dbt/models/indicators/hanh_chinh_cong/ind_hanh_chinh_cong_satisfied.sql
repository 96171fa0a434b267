{{ dossier_ratio('satisfaction >= 4', 'satisfaction is not null and is_resolved', 'resolved_day') }}
