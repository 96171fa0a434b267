"""The ingestion room: from a sector database to `raw`."""
