"""A SQLite file. SQLite types single values, not columns, so everything comes as text: what a value is, one by one.

The file is read from a copy made by SQLite's own backup, which waits for a writer and sees one state: copying the file
itself, or reading it while an office application writes, would not. Numbers are written by Python, in the fewest digits
that give the same number again; SQLite's own text of a real has 15 digits and would lose some. Bytes come as `\\x` and
hexadecimal digits, and so does a text that is not UTF-8: which legacy encoding it has, nobody can tell.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
from pydantic import Field

from ingestion.connectors import Arguments, Chunk, Request, _sql, resolve
from ingestion.connectors._duckdb import down, malformed
from ingestion.connectors._sql import Column, Dialect
from warehouse.connect import literal, quote

#: Rows an Arrow batch: with 25 wide columns some 10 MB.
BATCH_ROWS = 20_000
#: How long a program may hold the file before we come another time.
WAIT_SECONDS = 10


class Connection(Arguments):
    path: str = Field(description="the file; `${NAME}` is read from the environment")


class Read(_sql.Read):
    pass


#: Values of another kind than the declared one compare by kind only, so they are always read.
_DIALECT = Dialect(
    quote,
    literal,
    {
        "text": ("typeof({0}) <> 'text' OR {0} COLLATE BINARY", "{}"),
        "number": ("typeof({0}) NOT IN ('integer', 'real') OR {0}", "CAST({} AS NUMERIC)"),
    },
)


def columns(request: Request) -> list[str] | None:
    with _open(request) as con:
        return _sql.listed(request, _catalogue(con, request))


def key(request: Request) -> list[str]:
    """The primary key of the table, which a draft proposes."""
    asked = _read(request)
    with _open(request) as con:
        found = con.execute("SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk", [asked.table])
        return [name for (name,) in found]


def read(request: Request) -> Iterator[Chunk]:
    copy = request.workdir / "source.sqlite"
    with _open(request) as source, contextlib.closing(sqlite3.connect(copy)) as target:
        # The backup itself would wait for ever for a program that holds the file; reading before it waits WAIT_SECONDS.
        source.execute("BEGIN")
        source.execute("SELECT 1 FROM sqlite_master").fetchone()
        source.backup(target)
    with _reading(request, copy, _declared(request)) as con:
        con.text_factory = text_of
        wanted = _sql.statement(request, _DIALECT, _DIALECT.relation(_read(request)), _catalogue(con, request))
        cursor = con.execute(wanted.rows)
        while rows := cursor.fetchmany(BATCH_ROWS):
            arrays = [pa.array([_text(v) for v in values], pa.string()) for values in zip(*rows, strict=True)]
            yield Chunk(pa.RecordBatch.from_arrays(arrays, names=wanted.names))


def _text(value: Any) -> str | None:
    if value is None or type(value) is str:
        return value
    return _sql.hexadecimal(value) if type(value) is bytes else repr(value)


def text_of(value: bytes) -> str | None:
    """A text, or the bytes of one that is not UTF-8."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return _sql.hexadecimal(value)


def _read(request: Request) -> Read:
    return Read.model_validate(request.table.read)


def _catalogue(con: sqlite3.Connection, request: Request) -> list[Column]:
    """The columns. What the cursor's values are is the declaration's word: the file has none."""
    relation = _DIALECT.relation(_read(request))
    cursor = request.table.column(request.table.cursor) if request.table.cursor else None
    is_number = cursor is not None and (cursor.type in ("integer", "decimal", "double") or cursor.format == "epoch_ms")
    found = con.execute(f"SELECT * FROM {relation} LIMIT 0").description
    return [Column(name, quote(name), "number" if is_number else "text", False) for name, *_ in found]


def _open(request: Request) -> contextlib.AbstractContextManager[sqlite3.Connection]:
    """The declared file, read-only. Raises `Fault` IOC-201 when it is not there."""
    declared = _declared(request)
    try:
        path = Path(resolve(declared))
    except KeyError as missing:
        raise down(
            f"tệp {declared}", f"{missing.args[0]} is not set", f"đặt biến môi trường {missing.args[0]}"
        ) from None
    if not path.is_file():
        raise down(
            f"tệp {path.name}", "the file is not there", f"kiểm tra đường dẫn {declared} của nguồn {request.source.id}"
        )
    return _reading(request, path, declared)


def _declared(request: Request) -> str:
    return Connection.model_validate(request.source.connector.arguments).path


@contextlib.contextmanager
def _reading(request: Request, path: Path, declared: str) -> Iterator[sqlite3.Connection]:
    """A file, read-only; `declared` is its name for a message. Raises `Fault` IOC-203 when a program holds it too
    long, IOC-206 when it is no database, or has not what is asked for."""
    try:
        with contextlib.closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=WAIT_SECONDS)
        ) as con:
            yield con
    except sqlite3.Error as error:
        if (getattr(error, "sqlite_errorcode", 0) & 0xFF) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise _sql.too_slow(f"tệp {Path(declared).name} (chương trình khác đang khóa)", request.source) from None
        raise malformed(f"Tệp {Path(declared).name}, bảng {request.table.name}", str(error)) from None
