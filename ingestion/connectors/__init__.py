"""Connectors: one module a kind, one function that yields Arrow batches and knows no business rule.

A connector receives what to read (`Request`) and yields `Chunk`s: Arrow batches with the source's own column names, and
where each row came from. Values that Arrow or a driver would change in silence come as text; the contract casts them.
Only this package imports database and protocol drivers.
"""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:  # the child that parses files starts faster without it
    from ingestion.model import Source, Table

#: kind → module of this package. A kind that is not here is a wrong declaration (nearest names are suggested).
KINDS = {
    "postgres": "postgres",
    "sqlite": "sqlite",
    "mariadb": "mariadb",
    "sqlserver": "sqlserver",
    "oracle": "oracle",
    "excel": "excel",
    "station_files": "station_files",
    "rest": "rest",
    "mqtt": "mqtt",
    "sensorthings": "sensorthings",
    "ngsi": "ngsi",
    "ngsi_files": "ngsi_files",
    "csv": "csv",
    "json": "json",
    "parquet": "parquet",
    "geojson": "geojson",
    "shapefile": "shapefile",
    "geopackage": "geopackage",
    "dbf": "dbf",
    "admin_units": "admin_units",
}


class Arguments(BaseModel):
    """Base of every connector's own arguments and of its `read:` block: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True)
class SeenFile:
    path: str
    size: int
    modified: str
    sha256: str | None = None


@dataclass(frozen=True)
class Request:
    """One table to pull. `since` is the cursor value to start from, lag already taken off (None: everything); `until`
    bounds a recapture. `seen` are files taken before, by path. `workdir` is a private folder, deleted afterwards.
    `session` is what the connector's `session(source)` gave for all tables of the pull, where it offers one."""

    source: Source
    table: Table
    since: str | None
    until: str | None
    seen: dict[str, SeenFile]
    workdir: Path
    now: datetime
    session: Any = None


@dataclass
class Chunk:
    """Some rows in order. `refs` names each row's place at the source (file:line, sheet!row, page#n) when it has one;
    otherwise the extract's row number is the reference. `files` are those fully read with this chunk. `left_out` counts,
    by reason, what the declaration said is no data (totals, footers, hidden sheets)."""

    batch: pa.RecordBatch
    refs: list[str] | None = None
    files: list[SeenFile] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)


class ConnectorModule(Protocol):
    """What a module of this package offers. It may also have `session(source)`, a context manager: whatever is worth
    opening once for all tables of a pull (a connection); every table's `Request.session` is then what it yields. And
    `key(request)`, the source's own primary key, and `sniff(path)`, arguments that a file suggests: both for drafts."""

    Connection: type[Arguments]
    Read: type[Arguments]

    def columns(self, request: Request) -> list[str] | None:
        """The source's column names now (for drift), or None where only reading tells."""

    def read(self, request: Request) -> Iterator[Chunk]:
        """The rows. Raises `Fault` IOC-2xx when the source is down, refuses us or changed while being read."""


def session(source: Source) -> AbstractContextManager[Any]:
    """What the connector wants open for all tables of a source; nothing (None) when it has no such wish."""
    offered = getattr(module(source.connector.kind), "session", None)
    opened: AbstractContextManager[Any] = offered(source) if offered else nullcontext()
    return opened


def module(kind: str) -> ConnectorModule:
    return importlib.import_module(f"ingestion.connectors.{KINDS[kind]}")


_REFERENCE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)(?::-([^}]*))?\}")


def resolve(value: Any) -> Any:
    """Replace `${NAME}` / `${NAME:-default}` by the environment, and `{secret: NAME}` by the secret's text: the
    environment variable NAME, or the file `<IOC_HOME>/secrets/NAME`. Raises KeyError(name) when there is neither."""
    from warehouse import connect

    if isinstance(value, str):

        def one(match: re.Match[str]) -> str:
            name, default = match[1], match[2]
            found = os.environ.get(name, default)
            if found is None:
                raise KeyError(name)
            return found

        return _REFERENCE.sub(one, value)
    if isinstance(value, dict):
        if set(value) == {"secret"}:
            name = value["secret"]
            if name in os.environ:
                return os.environ[name]
            file = connect.home() / "secrets" / name
            if not file.exists():
                raise KeyError(name)
            return file.read_text(encoding="utf-8").strip()
        return {k: resolve(v) for k, v in value.items()}
    if isinstance(value, list):
        return [resolve(v) for v in value]
    return value
