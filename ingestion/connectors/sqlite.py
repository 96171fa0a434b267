"""A SQLite file by DuckDB's scanner. SQLite types single values, not columns, so everything comes as text.

The file is read from a copy made by SQLite's own backup, which waits for a writer and sees one state: copying the file
itself, or scanning it while an office application writes, would not.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import duckdb

from ingestion.connectors import Arguments, Chunk, Request, resolve
from ingestion.connectors._duckdb import batches, down, malformed
from warehouse.connect import literal, quote, scratch


class Connection(Arguments):
    path: str


class Read(Arguments):
    table: str


def columns(request: Request) -> list[str] | None:
    with _open(request) as con:
        found = con.execute(f"SELECT name FROM pragma_table_info({_literal(request)})").fetchall()
    if not found:
        raise malformed(f"Bảng {_table(request)}", "không có trong tệp")
    return [name for (name,) in found]


def read(request: Request) -> Iterator[Chunk]:
    copy = request.workdir / "source.sqlite"
    with _open(request) as source, sqlite3.connect(copy) as target:
        source.backup(target)
    present = columns(request) or []
    wanted = [quote(c.source_name) for c in request.table.columns if c.source_name in present]
    with scratch(["sqlite"]) as con:
        con.execute("SET sqlite_all_varchar = true")
        con.execute(f"ATTACH {literal(str(copy))} AS source (TYPE sqlite, READ_ONLY)")
        try:
            for batch in batches(
                con, f"SELECT {', '.join(wanted)} FROM source.{quote(_table(request))}{_window(request)}"
            ):
                yield Chunk(batch)
        except duckdb.Error as error:
            raise malformed(f"Bảng {_table(request)}", str(error).splitlines()[0]) from error


def _table(request: Request) -> str:
    return Read.model_validate(request.table.read).table


def _literal(request: Request) -> str:
    return literal(_table(request))


def _open(request: Request) -> sqlite3.Connection:
    declared = Connection.model_validate(request.source.connector.arguments).path
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
    try:
        con = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
        con.execute("SELECT 1 FROM sqlite_master LIMIT 1")
    except sqlite3.Error as error:
        raise malformed(f"Tệp {path.name}", str(error)) from None
    return con


def _window(request: Request) -> str:
    table = request.table
    if table.cursor is None or request.since is None:
        return ""
    return f" WHERE {quote(table.column(table.cursor).source_name)} >= {literal(request.since[:19].replace('T', ' '))}"
