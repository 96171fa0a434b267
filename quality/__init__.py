"""Expectations from every declaration, Great Expectations on DuckDB, and the verdict that lets a build out or holds it."""
