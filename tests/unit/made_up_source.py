"""A source whose rows a test writes down, read by a connector that only hands them over.

For tests of what comes after a connector: landing, contract, load, quarantine.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from ingestion import connectors
from ingestion.connectors import Arguments, Chunk, Request, SeenFile
from ingestion.extract import Landed, extract
from ingestion.load import Loaded, load
from ingestion.model import Source
from warehouse import connect

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
#: table → what the connector yields next: lists of rows (a batch each), `Chunk`s, or an error to raise.
offered: dict[str, Sequence[Any]] = {}
#: Every request that the connector got.
requests: list[Request] = []


def columns(request: Request) -> list[str] | None:
    return None


def read(request: Request) -> Iterator[Chunk]:
    requests.append(request)
    for one in offered.get(request.table.name, []):
        if isinstance(one, Exception):
            raise one
        if isinstance(one, Chunk):
            if not all(f.path in request.seen for f in one.files) or not one.files:
                yield one
        else:
            yield Chunk(pa.RecordBatch.from_pylist(one))


module = types.ModuleType("ingestion.connectors.made_up")
module.columns, module.read = columns, read  # type: ignore[attr-defined]
module.Connection = module.Read = Arguments  # type: ignore[attr-defined]
sys.modules[module.__name__] = module
connectors.KINDS["made_up"] = "made_up"

COLUMNS = [
    {"name": "ma", "type": "text"},
    {"name": "so", "from": "Số lượng", "type": "integer", "range": [0, 100]},
    {"name": "luc", "type": "timestamp"},
]

#: What `declare` is told for a table of every mode.
EVERY_MODE: dict[str, dict[str, Any]] = {
    "upsert": {},
    "append": {"mode": "append"},
    "snapshot": {"mode": "snapshot", "cursor": None, "volume": {"max_change": 1000}},
    "history": {"mode": "history", "columns": [*COLUMNS[:2], COLUMNS[2] | {"required": True}]},
    "history of whole tables": {"mode": "history", "cursor": None, "volume": {"max_change": 1000}},
}


def declare(source_id: str = "so_thu_nghiem", **table: Any) -> Source:
    """A source with one table `ho_so(★ma, so, luc ⏱)`; keywords change the table."""
    return Source.model_validate(
        {
            "id": source_id,
            "sector": "thu",
            "title": {"vi": "Thử nghiệm", "en": "Trial"},
            "owner": {"agency": "Sở Thử nghiệm"},
            "grants_access": "Sở Thử nghiệm",
            "share_class": "mở",
            "connector": {"kind": "made_up"},
            "cadence": {"every": "5m", "late_after": "1h"},
            "made_up": True,
            "tables": [
                {
                    "name": "ho_so",
                    "title": {"vi": "Hồ sơ", "en": "Dossiers"},
                    "grain": "một dòng một hồ sơ",
                    "primary_key": ["ma"],
                    "cursor": "luc",
                    "columns": COLUMNS,
                    **table,
                }
            ],
        }
    )


def row(ma: str | None, so: Any, hour: int | None = 0) -> dict[str, Any]:
    """A row of `ho_so` as the source has it; `hour` of 2026-11-01 UTC is its cursor."""
    return {"ma": ma, "Số lượng": so, "luc": None if hour is None else datetime(2026, 11, 1, hour, tzinfo=UTC)}


def file_chunk(path: str, rows: list[dict[str, Any]], sha256: str = "a") -> Chunk:
    refs = [f"{path}:{i}" for i in range(1, len(rows) + 1)]
    return Chunk(pa.RecordBatch.from_pylist(rows), refs, [SeenFile(path, 10, "2026-11-01", sha256)])


def land(source: Source, *batches: Any, **how: Any) -> list[Landed]:
    """Extract these batches of the source's first table."""
    offered.clear()
    offered[source.tables[0].name] = batches
    return extract(source, run_id="run", **how)


def pull(source: Source, *batches: Any, **how: Any) -> list[Loaded]:
    """Extract and load."""
    return load(land(source, *batches, **how), holder="test", now=NOW)


def ask(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """What the intake answers."""
    with connect.intake() as con:
        return con.execute(sql, list(parameters)).fetchall()


def stored(fields: str = "ma, so") -> list[tuple[Any, ...]]:
    return ask(f"SELECT {fields} FROM raw.so_thu_nghiem__ho_so ORDER BY ALL")
