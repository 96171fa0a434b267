"""From a source to the landing: immutable Parquet with a manifest, written whole or not at all.

An extract is written into `landing/<source>/<table>/.<extract_id>.partial/` and renamed when everything in it is on the
disk. A process killed before the rename leaves a `.partial` folder, which the next extract of the source removes; one
killed after it leaves a complete extract, which the next load takes up. Values stay as the connector gave them, except
that personal data is masked first and text is brought to NFC and repaired when its encoding was broken.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import logging
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, cast
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict

from ingestion import connectors, drift, mask
from ingestion.clean import text
from ingestion.connectors import Chunk, Request, SeenFile
from ingestion.model import Source, Table, minutes
from warehouse import connect, fault
from warehouse.errors import Fault
from warehouse.ids import new_id

#: Rows held in memory before they are written as one row group; DuckDB reads row groups in parallel.
GROUP_ROWS = 65_536
_log = logging.getLogger(__name__)
#: Receives one Vietnamese sentence at a time.
Progress = Callable[[str], None]


class LandedFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    rows: int
    bytes: int
    sha256: str


class Manifest(BaseModel):
    """What an extract holds and how it came to be: enough to load it without asking anyone.

    `columns` are source name → Arrow type as landed. `declaration` is the source with this one table. `is_recapture`
    says that somebody asked for a window of time, so the watermark must not follow it. `left_out` counts by reason what the
    declaration said is no data.
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
    drift: drift.Drift
    declaration_sha256: str
    declaration: dict[str, Any]


@dataclass(frozen=True)
class Landed:
    """One extract on the disk: the folder, its manifest and the declaration it was made under."""

    path: Path
    manifest: Manifest
    source: Source
    table: Table

    @classmethod
    def read(cls, path: Path, present: Source | None = None) -> Landed:
        """From the folder alone, for an extract that an earlier, killed run left unloaded. The present declaration
        holds when there is one and it still has the table; otherwise the one of the manifest."""
        manifest = Manifest.model_validate_json((path / "manifest.json").read_bytes())
        source = present
        if source is None or manifest.table not in {t.name for t in source.tables}:
            source = Source.model_validate(manifest.declaration)
        return cls(path, manifest, source, source.table(manifest.table))

    @property
    def extract_id(self) -> str:
        return self.manifest.extract_id


@dataclass(frozen=True)
class _State:
    """What the last load knew of one table."""

    watermark: str | None
    seen: dict[str, SeenFile]
    last_path: str | None


def landing(source_id: str, table_name: str) -> Path:
    """The folder of all extracts of one table; created when missing."""
    path = connect.home() / "landing" / source_id / table_name
    path.mkdir(parents=True, exist_ok=True)
    return path


def unloaded(con: duckdb.DuckDBPyConnection, source: Source) -> list[Landed]:
    """Complete extracts of a source that the ledger does not know, oldest first: left by runs that were killed.

    One whose manifest cannot be read is set aside: the watermark has not moved, so its rows come again.
    """
    folder = connect.home() / "landing" / source.id
    paths = {path.name: path for path in folder.glob("*/[!.]*")}
    if not paths:
        return []
    names = con.execute(
        connect.bind(
            """SELECT name FROM (SELECT unnest(?::VARCHAR[]) AS name)
            WHERE name NOT IN (SELECT extract_id FROM ops.extract) ORDER BY name""",
            list(paths),
        )
    ).fetchall()
    found = []
    for (name,) in names:
        try:
            found.append(Landed.read(paths[name], source))
        except (OSError, ValueError) as error:
            _log.warning("extract %s has no readable manifest and is set aside: %s", name, error)
            paths[name].rename(paths[name].with_name(f".{name}.corrupt"))
    return found


def extract(
    source: Source,
    *,
    run_id: str,
    full: bool = False,
    since: str | None = None,
    until: str | None = None,
    progress: Progress | None = None,
) -> list[Landed]:
    """Pull every table of a source into the landing.

    Each table is read from its watermark minus its lag; `full` reads everything; `since` / `until` (ISO times)
    recapture a window. A table with no new row and no new file makes no extract. Extracts that a killed run left
    unloaded come first in the result. Raises `Fault` IOC-2xx from the connector or for drift, IOC-075 when another
    process is extracting the same source.
    """
    with _alone(source):
        states, found = _look(source)
        for table in source.tables:
            _remove_partial(landing(source.id, table.name))
            state = states[table.name]
            start = None if full else since or _with_lag(table, state.watermark)
            request = Request(
                source=source,
                table=table,
                since=start,
                until=until,
                seen={} if full else state.seen,
                workdir=Path(),
                now=datetime.now(UTC),
            )
            landed = _extract_table(
                request,
                run_id=run_id,
                is_full=full,
                is_recapture=since is not None or until is not None,
                types_before=_types(state.last_path),
                progress=progress,
            )
            if landed:
                found.append(landed)
        return found


@contextlib.contextmanager
def _alone(source: Source) -> Iterator[None]:
    """One process extracts a source at a time, so that a `.partial` folder can only be a dead one."""
    folder = connect.home() / "landing" / source.id
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Fault(
                "IOC-075",
                f"Nguồn {source.id} đang được một tiến trình khác trích xuất.",
                f"Source {source.id} is being extracted by another process.",
                why="two extracts of one source at a time would read the same rows twice",
                fix="./ioc status",
                exit_code=75,
            ) from None
        yield


def _look(source: Source) -> tuple[dict[str, _State], list[Landed]]:
    """Watermark, files taken and last extract per table, and what is unloaded: one short look at the intake."""
    mine = connect.bind("WHERE source_id = ?", source.id)
    with connect.intake(wait_seconds=600) as con:
        marks = dict(con.execute(f"SELECT table_name, cursor_value FROM ops.watermark {mine}").fetchall())
        paths = dict(
            con.execute(
                f"SELECT table_name, arg_max(landing_path, extract_id) FROM ops.extract {mine} GROUP BY 1"
            ).fetchall()
        )
        seen: dict[str, dict[str, SeenFile]] = {}
        for name, *file in con.execute(
            f"SELECT table_name, path, size, modified, sha256 FROM ops.file_seen {mine}"
        ).fetchall():
            seen.setdefault(name, {})[file[0]] = SeenFile(*file)
        left = unloaded(con, source)
    states = {t.name: _State(marks.get(t.name), seen.get(t.name, {}), paths.get(t.name)) for t in source.tables}
    return states, left


def _with_lag(table: Table, watermark: str | None) -> str | None:
    """The cursor value to start from: the watermark moved back by the lag (other cursors than times have none)."""
    if watermark is None or table.cursor is None:
        return None
    lag = timedelta(minutes=minutes(table.lag))
    kind = table.column(table.cursor).type
    if kind == "timestamp":
        return (datetime.fromisoformat(watermark) - lag).isoformat()
    if kind == "date":
        return (date.fromisoformat(watermark) - lag).isoformat()
    return watermark


def cursor_text(value: object, time_zone: str) -> str | None:
    """A cursor value as the watermark keeps it: times in ISO with the source's own offset, so that a database that has
    local times without a zone and one that has instants both compare it rightly."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.astimezone(ZoneInfo(time_zone)).isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


def _remove_partial(folder: Path) -> None:
    for dead in folder.glob(".*.partial"):
        shutil.rmtree(dead)


def _types(last_path: str | None) -> dict[str, str]:
    """Column types of the last extract, or nothing when it is gone."""
    manifest = connect.home() / (last_path or "") / "manifest.json"
    if last_path is None or not manifest.exists():
        return {}
    return cast(dict[str, str], json.loads(manifest.read_bytes())["columns"])


def _extract_table(
    request: Request,
    *,
    run_id: str,
    is_full: bool,
    is_recapture: bool,
    types_before: dict[str, str],
    progress: Progress | None,
) -> Landed | None:
    source, table = request.source, request.table
    connector = connectors.module(source.connector.kind)
    started_at, extract_id = request.now, new_id()
    folder = landing(source.id, table.name)
    partial = folder / f".{extract_id}.partial"
    (partial / "work").mkdir(parents=True)
    request = _replace(request, workdir=partial / "work")
    writer = _Writer(partial, source, table, progress)
    try:
        names = connector.columns(request)
        if names is not None:
            drift.enforce(source, table, drift.compare(table, names))
        chunks = _changed(connector, request)
        if chunks is None:
            return None
        for chunk in chunks:
            writer.add(chunk)
        files = writer.close()
        if writer.left_out and progress:
            said = ", ".join(f"{reason}: {count}" for reason, count in writer.left_out.items())
            progress(f"{source.id}.{table.name}: để ngoài, không phải dữ liệu: {said}")
        changes = drift.compare(
            table,
            names if names is not None else writer.names or [c.source_name for c in table.columns],
            types_before=types_before,
            types_now=writer.columns,
        )
        drift.enforce(source, table, changes)
        if not writer.rows and not writer.seen:
            return None
        declaration = source.model_copy(update={"tables": [table]}).model_dump(mode="json", by_alias=True)
        manifest = Manifest(
            extract_id=extract_id,
            run_id=run_id,
            source_id=source.id,
            table=table.name,
            connector_kind=source.connector.kind,
            started_at=started_at,
            finished_at=datetime.now(UTC),
            rows=writer.rows,
            columns=writer.columns,
            files=files,
            cursor_from=request.since,
            cursor_until=request.until,
            is_full=is_full,
            is_recapture=is_recapture,
            seen=writer.seen,
            left_out=dict(writer.left_out),
            texts_repaired=writer.repaired,
            drift=changes,
            declaration_sha256=hashlib.sha256(json.dumps(declaration, sort_keys=True).encode()).hexdigest(),
            declaration=declaration,
        )
        shutil.rmtree(partial / "work")
        fault.point("extract.manifest")
        _write_durably(partial / "manifest.json", manifest.model_dump_json(indent=1).encode())
        _sync_folder(partial)
        fault.point("extract.rename")
        final = folder / extract_id
        partial.rename(final)
        _sync_folder(folder)
        return Landed(final, manifest, source, table)
    finally:
        writer.stop()
        shutil.rmtree(partial, ignore_errors=True)


def _replace(request: Request, **changes: Any) -> Request:
    return Request(**{**vars(request), **changes})


def _changed(connector: connectors.ConnectorModule, request: Request) -> Iterator[Chunk] | None:
    """The chunks to land, or None when there are none.

    A snapshot replaces the whole table, but a connector of files yields only files not seen before. So when a snapshot
    has any new file, everything is read again; otherwise rows of its unchanged files would count as deleted.
    """
    chunks = iter(connector.read(request))
    first = next(chunks, None)
    if first is None:
        return None
    if request.table.mode == "snapshot" and request.seen:
        return iter(connector.read(_replace(request, seen={})))
    return chain([first], chunks)


class _HashedFile:
    """A binary file that knows the SHA-256 of what was written to it (Parquet is written front to back)."""

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("wb")
        self._digest = hashlib.sha256()
        self.bytes = 0

    def write(self, data: bytes) -> int:
        self._digest.update(data)
        self.bytes += memoryview(data).nbytes
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        if not self._file.closed:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()

    @property
    def closed(self) -> bool:
        return self._file.closed

    def sha256(self) -> str:
        return self._digest.hexdigest()


class _Writer:
    """Collects chunks into row groups and writes them; a new part begins where the columns or types change.

    One group is written by a thread while the next one is read from the source: both cores work, and at most two groups
    are in memory.
    """

    def __init__(self, folder: Path, source: Source, table: Table, progress: Progress | None) -> None:
        self._folder, self._source, self._table, self._progress = folder, source, table, progress
        self._held: list[pa.RecordBatch] = []
        self._held_rows = 0
        self._background = ThreadPoolExecutor(1, thread_name_prefix="landing")
        self._writing: Future[None] | None = None
        self._parquet: pq.ParquetWriter | None = None
        self._file: _HashedFile | None = None
        self._part_rows = 0
        self._done: list[LandedFile] = []
        self.rows = 0
        self.repaired = 0
        self.names: list[str] = []
        self.columns: dict[str, str] = {}
        self.seen: list[SeenFile] = []
        self.left_out: Counter[str] = Counter()

    def add(self, chunk: Chunk) -> None:
        self.seen.extend(chunk.files)
        self.left_out.update(chunk.left_out)
        if not chunk.batch.num_rows:
            return
        batch = self._prepared(chunk)
        self.rows += batch.num_rows
        if self._held and self._held[0].schema != batch.schema:
            self._hand_over()
        self._held.append(batch)
        self._held_rows += batch.num_rows
        if self._held_rows >= GROUP_ROWS:
            self._hand_over()
            if self._progress:
                self._progress(f"{self._source.id}.{self._table.name}: đã trích xuất {self.rows} dòng")
        fault.point("extract.batch")

    def close(self) -> list[LandedFile]:
        self._hand_over()
        self._wait()
        self._finish_part()
        return self._done

    def stop(self) -> None:
        """End the thread; what it still writes goes into a folder that is about to be removed."""
        self._background.shutdown()

    def _hand_over(self) -> None:
        self._wait()
        if self._held:
            self._writing = self._background.submit(self._write_group, self._held)
        self._held, self._held_rows = [], 0

    def _wait(self) -> None:
        if self._writing is not None:
            self._writing.result()
            self._writing = None

    def _prepared(self, chunk: Chunk) -> pa.RecordBatch:
        """The declared columns that may be landed, then `_row_number` and `_source_ref`."""
        fields: dict[str, pa.Array] = {}
        self.names.extend(n for n in chunk.batch.schema.names if n not in self.names)
        for column in self._table.columns:
            if mask.is_dropped(column) or column.source_name not in chunk.batch.schema.names:
                continue
            values = _plain(chunk.batch.column(column.source_name))
            values = mask.protect(column, values, self._source.id)
            if pa.types.is_string(values.type):
                values, repaired = _clean_text(values)
                self.repaired += repaired
            fields[column.source_name] = values
            self.columns[column.source_name] = str(values.type)
        count = chunk.batch.num_rows
        fields["_row_number"] = pa.arange(self.rows + 1, self.rows + count + 1)
        fields["_source_ref"] = pa.array(chunk.refs, pa.string()) if chunk.refs else pa.nulls(count, pa.string())
        return pa.RecordBatch.from_pydict(fields)

    def _write_group(self, batches: list[pa.RecordBatch]) -> None:
        rows = pa.Table.from_batches(batches)
        if self._parquet is None or self._parquet.schema != rows.schema:
            self._finish_part()
            self._file = _HashedFile(self._folder / f"part-{len(self._done):05d}.parquet")
            self._parquet = pq.ParquetWriter(
                self._file, rows.schema, compression="zstd", compression_level=1, use_dictionary=False
            )
        self._parquet.write_table(rows, row_group_size=GROUP_ROWS * 4)
        self._part_rows += rows.num_rows

    def _finish_part(self) -> None:
        if self._parquet is None or self._file is None:
            return
        self._parquet.close()
        self._file.close()
        name = f"part-{len(self._done):05d}.parquet"
        self._done.append(
            LandedFile(name=name, rows=self._part_rows, bytes=self._file.bytes, sha256=self._file.sha256())
        )
        self._parquet, self._file, self._part_rows = None, None, 0


def _plain(values: pa.Array) -> pa.Array:
    """The same values in a type that Parquet and DuckDB share: no dictionaries, views or untyped nulls."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    kind = values.type
    if pa.types.is_null(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return values.cast(pa.string())
    return values


def _clean_text(values: pa.Array) -> tuple[pa.Array, int]:
    """NFC, and broken encodings repaired; also the number of repaired values.

    Plain ASCII is seen from its bytes and left alone. Of the rest only distinct values are looked at: names of offices,
    procedures and communes come over and over (10 times faster on such columns).
    """
    if _is_ascii(values):
        return values, 0
    encoded = pc.dictionary_encode(values)
    repaired, count = text.repair(encoded.dictionary)
    clean = pc.utf8_normalize(repaired, form="NFC")
    if clean.equals(encoded.dictionary):
        return values, 0
    if count:
        changed = pc.not_equal(repaired, encoded.dictionary).take(encoded.indices)
        count = pc.sum(changed).as_py() or 0
    return clean.take(encoded.indices), count


def _is_ascii(values: pa.Array) -> bool:
    data = values.buffers()[2]
    return data is None or memoryview(data).tobytes().isascii()


def _write_durably(path: Path, body: bytes) -> None:
    with path.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
