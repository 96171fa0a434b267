{{ dossier_ratio('is_components_digitised', 'true', 'submitted_day') }}
