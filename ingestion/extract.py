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
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingestion import connectors, drift, landing, ledger, mask
from ingestion.clean import legacy, text
from ingestion.connectors import Chunk, Request, SeenFile
from ingestion.landing import Landed, LandedFile, Manifest
from ingestion.model import PLACE, SURPLUS, Source, Table, minutes
from warehouse import connect, fault
from warehouse.errors import Fault
from warehouse.ids import new_id

#: Rows held in memory before they are written as one row group; DuckDB reads row groups in parallel.
GROUP_ROWS = 65_536
#: Instead of what a row has beyond its columns, where the table has personal data.
_HIDDEN = "không lưu vì bảng có dữ liệu cá nhân, xem ở nguồn: "
#: Receives one Vietnamese sentence at a time.
Progress = Callable[[str], None]


#: Bytes of a text cell; the largest boundary of a commune has half a million.
LARGEST_CELL = 8_000_000
#: Rows refused by a rule that looks beyond the row: the same row passes once its day has come or its commune is known.
_MAY_PASS = "status = 'open' AND regexp_matches(array_to_string(rules, ' '), '(^| )(future|area):')"
#: What is wrong with one table and not with the source: the other tables go on.
_OF_ONE_TABLE = {"IOC-205", "IOC-206", "IOC-207"}


@dataclass
class _State:
    """What the last load knew of one table."""

    watermark: str | None = None
    missing_since: datetime | None = None
    seen: dict[str, SeenFile] = field(default_factory=dict)
    may_pass: bool = False
    last_path: str | None = None
    last_rows: int = 0
    last_files: int = 0


@dataclass(frozen=True)
class Known:
    """What the ledger knew of each table of a source, and what was unloaded, when it was asked. An extract that another
    process loads meanwhile makes this old and never wrong: its rows come again and are recognised."""

    tables: dict[str, _State]
    left: landing.Unloaded


def extract(
    source: Source,
    *,
    run_id: str,
    full: bool = False,
    since: str | None = None,
    until: str | None = None,
    accept_held: bool = False,
    progress: Progress | None = None,
    known: Known | None = None,
) -> list[Landed]:
    """Pull every table of a source into the landing. What is `known` of it is asked of the intake when it is not given.

    Each table is read from its watermark minus its lag, from its oldest missing slot where it declares `recapture`, or
    whole where the declaration says so; `full` reads everything; `since` / `until` (ISO times) recapture a window. A table with no new row and no new file, or with the
    very rows of its extract before (and none of them waiting for a day or a commune to come), makes no extract. What a killed run left unloaded comes first in the result, and
    with `accept_held` also what was held.

    Raises `Fault` IOC-2xx from the connector, or for drift or an extract that is held; what concerns one table (205,
    206, 207) is raised when the others are landed. IOC-075 when another process is extracting the same source.
    """
    faults: list[Fault] = []
    with _alone(source):
        if known is None:
            with connect.intake(wait_seconds=600) as con:
                known = look(con, [source])[source.id]
        found = list(known.left.ready)
        with connectors.session(source) as session:
            for table in source.tables:
                _remove_partial(landing.folder(source.id, table.name))
                state = known.tables[table.name]
                start = None if full or table.is_whole else _start(source, table, state)
                request = Request(
                    source=source,
                    table=table,
                    since=since or start,
                    until=until,
                    seen={} if full else state.seen,
                    workdir=Path(),
                    now=datetime.now(UTC),
                    session=session,
                )
                try:
                    landed = _extract_table(
                        request,
                        state,
                        run_id=run_id,
                        is_full=full,
                        is_recapture=since is not None or until is not None,
                        progress=progress,
                    )
                except Fault as fault:
                    if fault.code not in _OF_ONE_TABLE:
                        raise
                    faults.append(fault)
                    continue
                held = [pair for pair in known.left.held if pair[0].table.name == table.name]
                if landed:
                    held = [pair for pair in held if not landing.replaces(landed, pair[0])]
                    why = landing.held_because(landed, state.last_rows)
                    if why:
                        held.append((landed, why))
                    else:
                        found.append(landed)
                if accept_held:
                    found += [one for one, _ in held]
                else:
                    faults += [why for _, why in held[-1:]]
    pa.default_memory_pool().release_unused()  # 25 MB after a large table, which the load needs
    if faults:
        raise faults[0]
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


def look(con: duckdb.DuckDBPyConnection, sources: Sequence[Source]) -> dict[str, Known]:
    """What is known of each source, by its id."""
    known = {s.id: Known({t.name: _State() for t in s.tables}, landing.unloaded(con, s)) for s in sources}
    asked = connect.bind("WHERE source_id IN ?", list(known))

    def of_tables(columns: str, rest: str) -> Iterator[tuple[_State, list[Any]]]:
        found = con.execute(f"SELECT source_id, table_name, {columns} FROM {rest}").fetchall()
        for source_id, table, *values in found:
            if table in known[source_id].tables:
                yield known[source_id].tables[table], values

    if not known:
        return known
    for state, (mark,) in of_tables("cursor_value", f"ops.watermark {asked}"):
        state.watermark = mark
    newest = [f"arg_max({column}, extract_id)" for column in ("landing_path", "rows_in", "files_in")]
    for state, last in of_tables(", ".join(newest), f"ops.extract {asked} GROUP BY ALL"):
        state.last_path, state.last_rows, state.last_files = last
    for state, file in of_tables("path, size, modified, sha256", f"ops.file_seen {asked}"):
        state.seen[file[0]] = SeenFile(*file)
    now = datetime.now(UTC)
    for source in sources:
        for table in source.tables:
            known[source.id].tables[table.name].missing_since = ledger.missing_since(con, source, table, now)
    for state, _ in of_tables("count(*)", f"quarantine.row {asked} AND {_MAY_PASS} GROUP BY ALL"):
        state.may_pass = True
    return known


def _start(source: Source, table: Table, state: _State) -> str | None:
    """The cursor value to read from: the watermark minus the lag, or the oldest missing slot where that is older."""
    start = _with_lag(table, state.watermark)
    if start is None or state.missing_since is None:
        return start
    if datetime.fromisoformat(start) <= state.missing_since:
        return start
    return cursor_text(state.missing_since, source.time_zone)


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


def _extract_table(
    request: Request, state: _State, *, run_id: str, is_full: bool, is_recapture: bool, progress: Progress | None
) -> Landed | None:
    """Land one table; None when nothing came, or nothing but what the extract before it holds."""
    source, declared = request.source, request.table
    table = declared.model_copy(update={"columns": [c for c in declared.columns if not c.is_place]})
    connector = connectors.module(source.connector.kind)
    started_at, extract_id = request.now, new_id()
    folder = landing.folder(source.id, table.name)
    partial = folder / f".{extract_id}.partial"
    (partial / "work").mkdir(parents=True)
    request = replace(request, table=table, workdir=partial / "work")
    writer = _Writer(partial, source, table, progress)
    try:
        names = connector.columns(request)
        if names is not None:
            drift.enforce(source, table, drift.compare(table, names))
            request = replace(request, table=_as_spelled(table, names))
        for chunk in _changed(connector, request):
            writer.add(chunk)
        files = writer.close()
        if writer.left_out and progress:
            said = ", ".join(f"{reason}: {count}" for reason, count in writer.left_out.items())
            progress(f"{source.id}.{table.name}: để ngoài, không phải dữ liệu: {said}")
        emptied = table.is_whole and state.last_rows and not state.last_files and not is_recapture
        if not writer.rows and not writer.seen and not emptied:
            return None
        changes = drift.compare(
            table,
            names if names is not None else writer.names or [c.source_name for c in table.columns],
            types_before=landing.column_types(state.last_path),
            types_now=writer.columns,
        )
        drift.enforce(source, table, changes)
        declaration = source.model_copy(update={"tables": [declared]}).model_dump(mode="json", by_alias=True)
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
            texts_uncertain=dict(writer.uncertain),
            drift=changes,
            declaration_sha256=hashlib.sha256(json.dumps(declaration, sort_keys=True).encode()).hexdigest(),
            declaration=declaration,
        )
        if not state.may_pass and landing.is_repeated(landing.newest(source, declared), manifest, partial):
            return None
        shutil.rmtree(partial / "work")
        fault.point("extract.manifest")
        _write_durably(partial / "manifest.json", manifest.model_dump_json(indent=1).encode())
        _sync_folder(partial)
        fault.point("extract.rename")
        final = folder / extract_id
        partial.rename(final)
        _sync_folder(folder)
        return Landed(final, manifest, source, declared)
    finally:
        writer.stop()
        shutil.rmtree(partial, ignore_errors=True)


def _as_spelled(table: Table, names: list[str]) -> Table:
    """The table under the spelling that the source has now, so that a connector asks for columns that are there."""
    spelled = drift.match(table, names)
    if all(wanted == found for wanted, found in spelled.items()):
        return table
    columns = [c.model_copy(update={"from_": spelled.get(c.source_name, c.source_name)}) for c in table.columns]
    return table.model_copy(update={"columns": columns})


def _changed(connector: connectors.ConnectorModule, request: Request) -> Iterator[Chunk]:
    """The chunks to land.

    A snapshot replaces the whole table, but a connector of files yields only files not seen before. So when a snapshot
    has any new file, everything is read again; otherwise rows of its unchanged files would count as deleted.
    """
    chunks = iter(connector.read(request))
    if request.table.is_whole and request.seen:
        if next(chunks, None) is None:
            return iter(())
        return iter(connector.read(replace(request, seen={})))
    return chunks


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
        self.uncertain: Counter[str] = Counter()
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
        """Write what is left, here: for a small table a thread would cost more than it saves."""
        self._wait()
        if self._held:
            self._write_group(self._held)
            self._held = []
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
        spelled = drift.match(self._table, chunk.batch.schema.names)
        declared = {found: wanted for wanted, found in spelled.items()}
        names = [declared.get(name, name) for name in chunk.batch.schema.names]
        self.names.extend(n for n in names if n not in self.names)
        surplus = chunk.batch.column(SURPLUS) if SURPLUS in chunk.batch.schema.names else None
        is_personal = any(column.class_ == "pii" for column in self._table.columns)
        for column in self._table.columns:
            if mask.is_dropped(column) or column.source_name not in spelled:
                continue
            values = _plain(chunk.batch.column(spelled[column.source_name]))
            _refuse_giants(self._source, self._table, column.source_name, values, chunk.refs)
            values = mask.protect(column, values, self._source.id)
            if surplus is not None and is_personal:  # shifted by a stray comma, a name may stand in any column
                values = pc.if_else(pc.is_valid(surplus), pa.scalar(None, values.type), values)
            if pa.types.is_string(values.type) and column.encoding is None:  # others are read when loaded
                values, repaired, uncertain = _clean_text(values)
                self.repaired += repaired
                self.uncertain += Counter({column.source_name: uncertain})
            fields[column.source_name] = values
            self.columns[column.source_name] = str(values.type)
        if surplus is not None:
            _refuse_giants(self._source, self._table, SURPLUS, _plain(surplus), chunk.refs)
            if is_personal:
                places = chunk.refs or [f"#{self.rows + i}" for i in range(1, len(surplus) + 1)]
                hidden = pa.array([_HIDDEN + place for place in places])
                surplus = pc.if_else(pc.is_valid(surplus), hidden, None)
            fields[SURPLUS] = surplus
        count = chunk.batch.num_rows
        fields["_row_number"] = pa.arange(self.rows + 1, self.rows + count + 1)
        fields[PLACE] = pa.array(chunk.refs, pa.string()) if chunk.refs else pa.nulls(count, pa.string())
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


def _refuse_giants(source: Source, table: Table, name: str, values: pa.Array, refs: Sequence[str] | None) -> None:
    """Raise `Fault` IOC-206 for a cell that no field of a register holds: loading it would need ten times its size."""
    if values.nbytes <= LARGEST_CELL or not pa.types.is_string(values.type):
        return
    lengths = pc.binary_length(values)
    largest = pc.max(lengths).as_py() or 0
    if largest <= LARGEST_CELL:
        return
    place = refs[pc.index(lengths, largest).as_py()] if refs else "?"
    raise Fault(
        "IOC-206",
        f"{source.id}.{table.name}: cột {name} có ô dài {largest:,} byte (ở {place}), quá {LARGEST_CELL:,}.",
        f"{source.id}.{table.name}: column {name} has a cell of {largest:,} bytes (at {place}), over {LARGEST_CELL:,}.",
        why="a broken quote or a corrupt file; nothing of this pull was loaded",
        fix=f"sửa tệp ở nguồn, rồi ./ioc source pull {source.id}",
    )


def _plain(values: pa.Array) -> pa.Array:
    """The same values in a type that Parquet and DuckDB share: no dictionaries, views or untyped nulls."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    kind = values.type
    if pa.types.is_null(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return values.cast(pa.string())
    return values


def _clean_text(values: pa.Array) -> tuple[pa.Array, int, int]:
    """NFC, double encoding undone; also the number of repaired values, and of those that look like an encoding from
    before Unicode.

    Plain ASCII is seen from its bytes and left alone. Of the rest only distinct values are looked at: names of offices,
    procedures and communes come over and over (10 times faster on such columns).
    """
    if _is_ascii(values):
        return values, 0, 0
    encoded = pc.dictionary_encode(values)
    _, is_uncertain = legacy.to_unicode(encoded.dictionary, None)
    uncertain = pc.sum(is_uncertain.take(encoded.indices)).as_py() or 0
    repaired, count = text.repair(encoded.dictionary)
    clean = pc.utf8_normalize(repaired, form="NFC")
    if clean.equals(encoded.dictionary):
        return values, 0, uncertain
    if count:
        changed = pc.not_equal(repaired, encoded.dictionary).take(encoded.indices)
        count = pc.sum(changed).as_py() or 0
    return clean.take(encoded.indices), count, uncertain


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
