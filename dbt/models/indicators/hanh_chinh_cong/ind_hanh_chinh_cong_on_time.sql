{{ dossier_ratio('is_on_time', 'is_resolved', 'resolved_day') }}
