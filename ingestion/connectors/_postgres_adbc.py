"""Rows of PostgreSQL by ADBC, where DuckDB's scanner cannot be loaded. A module of its own, because importing the driver
brings pandas and polars."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from adbc_driver_postgresql import dbapi  # type: ignore[import-untyped]

from ingestion.connectors._postgres_transport import EXACT


@contextlib.contextmanager
def connect(conninfo: str) -> Iterator[_Adbc]:
    with dbapi.connect(conninfo) as con:
        yield _Adbc(con)


class _Adbc:
    native = EXACT
    scans: str | None = None

    def __init__(self, con: dbapi.Connection) -> None:
        self._con = con

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        with self._con.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())

    def names(self, sql: str) -> list[str]:
        with self._con.cursor() as cursor:
            cursor.execute(sql)
            return [str(name) for name, *_ in cursor.description or ()]

    def stream(self, sql: str, *, is_scan: bool) -> Iterator[pa.RecordBatch]:
        with self._con.cursor() as cursor:
            cursor.execute(sql)
            yield from cursor.fetch_record_batch()
