{{ dossier_ratio('is_reused', 'true', 'submitted_day') }}
