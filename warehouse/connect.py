"""Where state lives, who may write, and every way to open a DuckDB file.

No other module calls `duckdb.connect`. One process writes at a time: `writer()` holds an advisory lock (flock) on
`<IOC_HOME>/warehouse.lock` for as long as its connection lives; the lock dies with the process, so a killed holder
never blocks the next run. Readers of the intake take the same lock shared. Served builds are immutable: opening one
takes no lock, is read-only and sandboxed.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from warehouse.errors import Fault

ROOT = Path(__file__).resolve().parent.parent
TIME_ZONE = "Asia/Ho_Chi_Minh"
#: DuckDB's own buffers while loading; the process needs about 30 % more.
LOAD_MEMORY = "256MB"


def home() -> Path:
    """The folder of all state, `IOC_HOME` (default `var/` in the checkout). Created when missing."""
    path = Path(os.environ.get("IOC_HOME") or ROOT / "var").resolve()
    path.mkdir(parents=True, exist_ok=True)
    return path


def intake_path() -> Path:
    """The file with `raw`, `staging`, `intermediate`, `ops` and `quarantine`: personal data may live here only."""
    return home() / "intake.duckdb"


def build_path() -> Path:
    """The file that dbt writes marts into. Never served: `publish` copies it."""
    path = home() / "build" / "marts.duckdb"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def extension_directory() -> Path:
    path = home() / "duckdb-extensions"
    path.mkdir(parents=True, exist_ok=True)
    return path


def quote(identifier: str) -> str:
    """An SQL identifier, safely quoted whatever it holds."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """An SQL string literal, safely quoted whatever it holds."""
    return "'" + text.replace("'", "''") + "'"


def bind(sql: str, *values: object) -> str:
    """The statement with each `?` replaced by a value as a literal: text, number, boolean, time, None, or a list of them.

    For statements on the hot path: a bound parameter makes DuckDB's client import pandas, 0.8 s and 60 MB a process.
    Raises ValueError when question marks and values differ in number.
    """
    parts = sql.split("?")
    if len(parts) != len(values) + 1:
        raise ValueError(f"{len(parts) - 1} places for {len(values)} values")
    return parts[0] + "".join(_as_literal(value) + part for value, part in zip(values, parts[1:], strict=True))


def insert(table: str, rows: Sequence[Mapping[str, object]]) -> str:
    """One statement that inserts rows with equal keys, which are column names; values as `bind` takes them."""
    listed = ", ".join(f"({', '.join(map(_as_literal, row.values()))})" for row in rows)
    return f"INSERT INTO {table} ({', '.join(map(quote, rows[0]))}) VALUES {listed}"


def has_table(con: duckdb.DuckDBPyConnection, schema: str, table: str, column: str = "", *, database: str = "") -> bool:
    """Whether the opened file (or the attached `database`) has that table, no view, with that column."""
    wanted = bind("(t.schema_name, t.table_name) = (?, ?) AND ? IN ('', c.column_name)", schema, table, column)
    where = bind("t.database_name = ?", database) if database else "t.database_name = current_database()"
    query = f"""SELECT 1 FROM duckdb_tables() AS t JOIN duckdb_columns() AS c USING (database_name, schema_name, table_name)
        WHERE {wanted} AND {where} LIMIT 1"""
    return con.execute(query).fetchone() is not None


def _as_literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool | int | float):
        return repr(value)
    if isinstance(value, datetime):
        return f"TIMESTAMPTZ {literal(value.isoformat())}"
    if isinstance(value, list):
        return f"[{', '.join(map(_as_literal, value))}]"
    return literal(str(value))


def _lock_file() -> Path:
    return home() / "warehouse.lock"


def lock_holder() -> dict[str, object] | None:
    """Who wrote last into the lock file: `{"holder", "pid", "since"}`, or None when nobody ever did."""
    try:
        holder: dict[str, object] | None = json.loads(_lock_file().read_text() or "null")
        return holder
    except (FileNotFoundError, json.JSONDecodeError):
        return None


@contextlib.contextmanager
def lock(holder: str, *, shared: bool = False, wait_seconds: float = 0.0) -> Iterator[None]:
    """Hold the warehouse. Raises `Fault` IOC-075 (exit 75) naming the holder when it is not free in time."""
    handle = os.open(_lock_file(), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + wait_seconds
    try:
        while True:
            try:
                fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    other = lock_holder() or {}
                    raise Fault(
                        "IOC-075",
                        f"Kho dữ liệu đang do “{other.get('holder', '?')}” giữ từ {other.get('since', '?')} "
                        f"(tiến trình {other.get('pid', '?')}).",
                        f"The warehouse is held by “{other.get('holder', '?')}” since {other.get('since', '?')} "
                        f"(process {other.get('pid', '?')}).",
                        why="another run is writing; only one may",
                        fix="./ioc status",
                        exit_code=75,
                        details=dict(other),
                    ) from None
                time.sleep(0.05)
        if not shared:
            body = {"holder": holder, "pid": os.getpid(), "since": datetime.now(UTC).isoformat(timespec="seconds")}
            os.ftruncate(handle, 0)
            os.pwrite(handle, json.dumps(body).encode(), 0)
        yield
    finally:
        os.close(handle)


def _configure(con: duckdb.DuckDBPyConnection, memory: str, threads: int | None = None) -> None:
    spill = home() / "spill"
    spill.mkdir(exist_ok=True)
    con.execute(f"SET temp_directory = {literal(str(spill))}")
    con.execute(f"SET memory_limit = {literal(memory)}")
    con.execute(f"SET TimeZone = {literal(TIME_ZONE)}")
    con.execute("SET preserve_insertion_order = false")
    con.execute("SET enable_progress_bar = false")
    if threads:
        con.execute(f"SET threads = {threads}")


@contextlib.contextmanager
def writer(holder: str, *, wait_seconds: float = 0.0, memory: str = LOAD_MEMORY) -> Iterator[duckdb.DuckDBPyConnection]:
    """The intake, writable, under the exclusive lock; `ops` and `quarantine` tables exist. Closed before unlocking."""
    with lock(holder, wait_seconds=wait_seconds), locked_writer(memory=memory) as con:
        yield con


@contextlib.contextmanager
def locked_writer(*, memory: str = LOAD_MEMORY) -> Iterator[duckdb.DuckDBPyConnection]:
    """The intake, writable, for a caller that holds `lock` already."""
    con = duckdb.connect(str(intake_path()))
    try:
        _configure(con, memory)
        for script in sorted((ROOT / "warehouse" / "ddl").glob("*.sql")):
            con.execute(script.read_text(encoding="utf-8"))
        yield con
    finally:
        con.close()


@contextlib.contextmanager
def intake(*, wait_seconds: float = 30.0, memory: str = "512MB") -> Iterator[duckdb.DuckDBPyConnection]:
    """The intake, read-only, under the shared lock. Raises `Fault` IOC-075 when a writer stays longer than the wait."""
    if not intake_path().exists():
        with writer("init", wait_seconds=wait_seconds):
            pass
    with lock("reader", shared=True, wait_seconds=wait_seconds):
        con = duckdb.connect(str(intake_path()), read_only=True)
        try:
            _configure(con, memory)
            yield con
        finally:
            con.close()


@contextlib.contextmanager
def build_writer(*, memory: str = "1GB") -> Iterator[duckdb.DuckDBPyConnection]:
    """The build file, writable. The caller holds `lock`."""
    con = duckdb.connect(str(build_path()))
    try:
        _configure(con, memory)
        yield con
    finally:
        con.close()


@contextlib.contextmanager
def copy_writer(target: Path, last: Path, *, memory: str = "1GB") -> Iterator[duckdb.DuckDBPyConnection]:
    """An unpublished copy of a build, writable, with the served build attached as `last`, read-only. The caller holds `lock`."""
    con = duckdb.connect(str(target))
    try:
        _configure(con, memory)
        con.execute(f"ATTACH {literal(str(last.resolve()))} AS last (READ_ONLY)")
        yield con
    finally:
        con.close()


@contextlib.contextmanager
def served(path: Path, *, memory: str = "1GB", threads: int | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A served build: read-only, no access to other files, no settings changed. `path` is resolved first, so a link that
    moves on does not change what this connection reads."""
    con = duckdb.connect(str(path.resolve()), read_only=True)
    try:
        _configure(con, memory, threads)
        con.execute("SET enable_external_access = false")
        con.execute("SET lock_configuration = true")
        yield con
    finally:
        con.close()


@contextlib.contextmanager
def parquet(path: Path, name: str, *, memory: str = "256MB", threads: int = 1) -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty database that can open this one Parquet file, shown as the view `name`, and nothing else on the machine."""
    con = duckdb.connect()
    try:
        _configure(con, memory, threads)
        con.execute(f"SET allowed_paths = [{literal(str(path))}]")
        con.execute("SET enable_external_access = false")
        con.execute("SET lock_configuration = true")
        con.execute(f"CREATE VIEW {quote(name)} AS SELECT * FROM read_parquet({literal(str(path))})")
        yield con
    finally:
        con.close()


@contextlib.contextmanager
def scratch(extensions: Sequence[str] = (), *, memory: str = LOAD_MEMORY) -> Iterator[duckdb.DuckDBPyConnection]:
    """An in-memory connection with the named extensions loaded from their wheels, never from a network."""
    con = duckdb.connect(
        config={
            "extension_directory": str(extension_directory()),
            "autoinstall_known_extensions": "false",
            "allow_unsigned_extensions": str(bool(extensions) and _verified.issuperset(extensions)).lower(),
        }
    )
    try:
        _configure(con, memory)
        for name in extensions:
            load_extension(con, name)
        yield con
    finally:
        con.close()


#: Extensions whose signature this process has checked: hashing 40 MB again for every source would take 70 ms each.
_verified: set[str] = set()


def load_extension(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Load an extension, installing it once from its wheel into our own folder. Raises when its signature is wrong."""
    try:
        con.execute(f"LOAD {quote(name)}")
    except duckdb.Error:
        from duckdb_extensions import import_extension

        import_extension(name, con=con)
        con.execute(f"LOAD {quote(name)}")
    _verified.add(name)
