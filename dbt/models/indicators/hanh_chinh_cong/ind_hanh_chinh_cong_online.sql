{{ dossier_ratio('is_online', 'true', 'submitted_day') }}
