"""The warehouse room: the only one that opens DuckDB files."""
