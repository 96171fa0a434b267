"""Open data: what everybody may take from a published build, as files and by a read-only API. See docs/open-data.md."""
