"""The boards room: Superset, its settings, its boards as files, and the page checks. Runs in `.venv-boards`."""
