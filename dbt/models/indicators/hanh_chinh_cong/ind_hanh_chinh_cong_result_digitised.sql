{{ dossier_ratio('is_result_digitised', 'is_resolved', 'resolved_day') }}
