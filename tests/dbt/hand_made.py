"""A home whose raw tables hold a few rows written by hand, as the loader leaves them, for tests that build the marts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from ingestion import registry
from ingestion.connectors import admin_units
from warehouse import connect, declare

NOW = datetime.now(UTC)
EXTRACT = "20260101T000000000000-0001"


def prepare(home: Path, monkeypatch: pytest.MonkeyPatch | None, declared: registry.Registry | None = None) -> None:
    """Declarations and empty raw tables under `home`, and the real administrative units of the package."""
    with connect.writer("test") as con:
        registry.sync(con, declared or registry.load())
        con.execute("UPDATE ops.source_table SET volume_min = 0")  # a few rows by hand are all there is
        declare._raw_tables(con)
    put("vietnamadminunits_dvhc__don_vi_moi", admin_units._units_2025("38"))
    put("vietnamadminunits_dvhc__don_vi_cu", admin_units._units_before("38"))
    put("vietnamadminunits_dvhc__chuyen_doi", admin_units.crosswalk("38"))


def put(raw: str, rows: Iterable[Sequence[object]], extract_id: str = EXTRACT, loaded_at: datetime = NOW) -> None:
    """Append rows (the declared columns in order) to a raw table as one extract, with its line in the ledger."""
    held = [[*row, extract_id, loaded_at, n, f"dòng {n}", 0] for n, row in enumerate(rows, 1)]
    source, table = raw.split("__")
    with connect.writer("test") as con:
        con.register("chunk", pa.table({f"c{i}": list(column) for i, column in enumerate(zip(*held, strict=True))}))
        con.execute(f"INSERT INTO raw.{raw} SELECT * FROM chunk")
        con.execute(
            "INSERT INTO ops.extract (extract_id, source_id, table_name, loaded_at, rows_in, rows_loaded, rows_quarantined, rows_deduplicated, rows_deleted)"
            " VALUES (?, ?, ?, ?, ?, ?, 0, 0, 0)",
            [extract_id, source, table, loaded_at, len(held), len(held)],
        )
        con.execute(
            "INSERT INTO ops.pull (source_id, started_at, finished_at, status) VALUES (?, ?, ?, 'ok')",
            [source, loaded_at, loaded_at],
        )


def ask(sql: str) -> list[tuple[object, ...]]:
    """Rows of a query on the build file."""
    with connect.served(connect.build_path()) as con:
        return con.execute(sql).fetchall()
