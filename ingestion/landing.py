"""What lies on the disk of every pull: immutable extracts, and which of them still wait to be loaded.

Nothing here is remembered elsewhere. An extract that the ledger does not know is unloaded; whether it is loaded next or
held until somebody decides follows from its manifest and the present declaration alone, so mending the declaration is
enough to release it.
"""

from __future__ import annotations

import contextlib
import json
import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
from pydantic import BaseModel, ConfigDict

from ingestion import drift, mask
from ingestion.connectors import SeenFile
from ingestion.model import Source, Table
from warehouse import connect
from warehouse.connect import bind, literal, quote
from warehouse.errors import Fault

_log = logging.getLogger(__name__)


class LandedFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    rows: int
    bytes: int
    sha256: str


class Manifest(BaseModel):
    """What an extract holds and how it came to be: enough to load it without asking anyone.

    `columns` are source name → Arrow type as landed. `declaration` is the source with this one table. `is_recapture`
    says that somebody asked for a window of time, so the watermark must not follow it. `left_out` counts by reason what
    the declaration said is no data, `texts_uncertain` by source name what seems to be in an encoding from before Unicode: the
    column needs an `encoding`. Columns that have one are landed as they came, and read when they are loaded.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    extract_id: str
    run_id: str
    source_id: str
    table: str
    connector_kind: str
    started_at: datetime
    finished_at: datetime
    rows: int
    columns: dict[str, str]
    files: list[LandedFile]
    cursor_from: str | None
    cursor_until: str | None
    is_full: bool
    is_recapture: bool
    seen: list[SeenFile]
    left_out: dict[str, int] = {}
    texts_repaired: int
    texts_uncertain: dict[str, int] = {}
    drift: drift.Drift
    declaration_sha256: str
    declaration: dict[str, Any]


@dataclass(frozen=True)
class Landed:
    """One extract on the disk: the folder, its manifest and the declaration it is loaded under."""

    path: Path
    manifest: Manifest
    source: Source
    table: Table

    @classmethod
    def read(cls, path: Path, present: Source | None = None) -> Landed:
        """From the folder alone. The present declaration holds when there is one and it still has the table; otherwise
        the one of the manifest."""
        manifest = Manifest.model_validate_json((path / "manifest.json").read_bytes())
        source = present
        if source is None or manifest.table not in {t.name for t in source.tables}:
            source = Source.model_validate(manifest.declaration)
        return cls(path, manifest, source, source.table(manifest.table))

    @property
    def extract_id(self) -> str:
        return self.manifest.extract_id

    @property
    def files(self) -> list[Path]:
        return [self.path / file.name for file in self.manifest.files]


@dataclass(frozen=True)
class Unloaded:
    """Extracts of one source that the ledger does not know, oldest first: `ready` were left by runs that were killed;
    `held` must not be loaded before somebody decides, each with the fault that says why."""

    ready: list[Landed]
    held: list[tuple[Landed, Fault]]


def folder(source_id: str, table_name: str) -> Path:
    """The folder of all extracts of one table; its first extract makes it."""
    return connect.home() / "landing" / source_id / table_name


def newest(source: Source, table: Table) -> Landed | None:
    """The newest extract of a table that is there, loaded or not."""
    names = [path for path in folder(source.id, table.name).glob("[!.]*") if (path / "manifest.json").exists()]
    try:
        return Landed.read(max(names)) if names else None
    except ValueError:
        return None


def unloaded(con: duckdb.DuckDBPyConnection, source: Source) -> Unloaded:
    """What waits of one source. Two kinds are set aside, whose rows come again because the watermark has not moved: an
    extract whose manifest cannot be read, and one made before a column was declared, which it therefore lacks."""
    paths, usual = _unknown(con, source)
    found = Unloaded([], [])
    for name in sorted(paths):
        try:
            one = Landed.read(paths[name], source)
        except (OSError, ValueError) as error:
            _log.warning("extract %s has no readable manifest and is set aside: %s", name, error)
            set_aside(paths[name], "corrupt")
            continue
        if _lacks_columns(one):
            _log.warning("extract %s lacks columns that are declared now and is set aside", name)
            set_aside(paths[name], "outdated")
            continue
        why = held_because(one, usual.get(one.table.name))
        if why:
            found.held.append((one, why))
        else:
            found.ready.append(one)
    return found


def waiting(con: duckdb.DuckDBPyConnection, source: Source) -> list[tuple[Landed, Fault]]:
    """What is held of one source, oldest first, and why; only looks, where `unloaded` also sets aside."""
    paths, usual = _unknown(con, source)
    found = []
    for name in sorted(paths):
        with contextlib.suppress(OSError, ValueError):
            one = Landed.read(paths[name], source)
            why = None if _lacks_columns(one) else held_because(one, usual.get(one.table.name))
            found += [(one, why)] if why else []
    return found


def _unknown(con: duckdb.DuckDBPyConnection, source: Source) -> tuple[dict[str, Path], dict[str, int]]:
    """Extracts that the ledger does not know, by id, and the rows of the last known one of each table."""
    paths = {path.name: path for path in (connect.home() / "landing" / source.id).glob("*/[!.]*")}
    if not paths:
        return {}, {}
    loaded = "SELECT extract_id FROM ops.extract WHERE source_id = ?"
    for (extract_id,) in con.execute(bind(loaded, source.id)).fetchall():
        paths.pop(extract_id, None)
    if not paths:
        return {}, {}
    counts = "SELECT table_name, arg_max(rows_in, extract_id) FROM ops.extract WHERE source_id = ? GROUP BY 1"
    return paths, dict(con.execute(bind(counts, source.id)).fetchall())


def set_aside(path: Path, why: str) -> Path:
    """Hide an extract from loading without losing it. Returns where it is now."""
    return path.rename(path.with_name(f".{path.name}.{why}"))


def _lacks_columns(one: Landed) -> bool:
    manifest = one.manifest
    there = {*manifest.columns, *manifest.drift.removed}
    wanted = [c.source_name for c in one.table.columns if not mask.is_dropped(c) and not c.is_place]
    return manifest.rows > 0 and not there.issuperset(wanted)


def held_because(one: Landed, usual: int | None) -> Fault | None:
    """Why an extract must wait: columns that changed where the declaration says quarantine (IOC-205), or a whole table
    with suspiciously fewer rows than the `usual` ones of the last extract, whose loading would delete (IOC-207)."""
    source, table = one.source, one.table
    why = drift.fault(source, table, drift.remaining(one.manifest.drift, table), "quarantine")
    if why is None and table.is_whole and not one.manifest.is_recapture:
        why = _shrunk(source, table, one.manifest.rows, usual or 0)
    if why is None:
        return None
    why.what_vi += f" Lần trích {one.extract_id} được giữ lại, chưa nạp."
    why.what_en += f" Extract {one.extract_id} is held and not loaded."
    why.fix = f"./ioc source pull {source.id} --accept-drift, hoặc sửa khai báo"
    return why


def replaces(new: Landed, held: Landed) -> bool:
    """Whether a newer whole table takes the place of an extract that was held."""
    is_newer = new.table.name == held.table.name and new.extract_id > held.extract_id
    return is_newer and new.table.is_whole and not new.manifest.is_recapture


def _shrunk(source: Source, table: Table, rows: int, usual: int) -> Fault | None:
    bounds = table.volume
    if not usual or (rows >= bounds.min and rows * bounds.max_change >= usual):
        return None
    return Fault(
        "IOC-207",
        f"Nguồn {source.id}, bảng {table.name}: lần này chỉ có {rows} dòng, lần trước {usual}.",
        f"Source {source.id}, table {table.name}: {rows} rows now, {usual} the last time.",
        why=f"a whole table that shrinks below {bounds.min} rows or more than {bounds.max_change:g} times would delete "
        "rows that the source perhaps only lost for a moment; nothing was deleted",
    )


def is_repeated(old: Landed | None, new: Manifest, new_folder: Path) -> bool:
    """Whether an extract brings the very rows of the one before it, in whatever order, under the same declaration.

    Extracts of files, recaptures and full pulls always count as new: they are asked for.
    """
    if old is None or new.seen or new.is_full or new.is_recapture or old.manifest.is_recapture:
        return False
    before = old.manifest
    if (before.rows, before.columns, before.declaration_sha256) != (new.rows, new.columns, new.declaration_sha256):
        return False
    if [file.sha256 for file in before.files] == [file.sha256 for file in new.files]:
        return True
    if not all(path.exists() for path in old.files):
        return False
    columns = ", ".join(map(quote, new.columns))
    with connect.scratch() as con:
        sums = [
            con.execute(
                f"SELECT sum(h::HUGEINT), bit_xor(h) FROM (SELECT hash({columns}) AS h FROM {scan(paths)})"
            ).fetchone()
            for paths in (old.files, [new_folder / file.name for file in new.files])
        ]
    return sums[0] == sums[1]


def scan(paths: list[Path]) -> str:
    """Landed Parquet files as a relation."""
    return f"read_parquet([{', '.join(literal(str(p)) for p in paths)}], union_by_name = true)"


def column_types(landing_path: str | None) -> dict[str, str]:
    """Column types of an extract, or nothing when it is gone."""
    manifest = connect.home() / (landing_path or "") / "manifest.json"
    if landing_path is None or not manifest.exists():
        return {}
    types: dict[str, str] = json.loads(manifest.read_bytes())["columns"]
    return types
