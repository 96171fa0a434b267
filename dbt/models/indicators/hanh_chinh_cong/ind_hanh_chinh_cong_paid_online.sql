{{ dossier_ratio('is_paid_online', 'has_fee', 'submitted_day') }}
