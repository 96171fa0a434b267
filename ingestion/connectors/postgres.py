"""PostgreSQL by DuckDB's scanner, streaming, with the catalogue's types deciding what may come natively.

The 1.5.5 scanner turns a numeric NaN into 0.00 and an unbounded numeric into a double, so numerics whose digits matter come
as text; so do money, interval, inet, xml, arrays, ranges and whatever else is not in `_NATIVE`. Infinite dates come right.
One read-only, repeatable-read transaction a table: no half of an update is seen.
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pyarrow as pa

from ingestion.connectors import Arguments, Chunk, Request, resolve
from ingestion.connectors._duckdb import batches, down, malformed, refused
from warehouse.connect import literal, quote, scratch


class Connection(Arguments):
    host: str
    port: str | int = 5432
    database: str
    user: str
    password: dict[str, str] | None = None
    connect_timeout_seconds: int = 10


class Read(Arguments):
    """The table or view at the source; the database's default schema is `public`."""

    schema_: str = "public"
    table: str

    model_config = Arguments.model_config | {"alias_generator": lambda name: name.rstrip("_"), "populate_by_name": True}


#: Types that the scanner was found to carry unchanged (docs/decisions/0004).
_NATIVE = {
    "int2",
    "int4",
    "int8",
    "bool",
    "text",
    "varchar",
    "bpchar",
    "float4",
    "float8",
    "date",
    "timestamp",
    "timestamptz",
    "uuid",
    "json",
    "jsonb",
}
_COLUMNS = """SELECT a.attname, t.typname, t.typtype, a.atttypmod FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
    WHERE a.attrelid = {table}::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"""


def columns(request: Request) -> list[str] | None:
    with scratch(["postgres"]) as con:
        _attach(con, request)
        return [name for name, *_ in _catalogue(con, request)]


def read(request: Request) -> Iterator[Chunk]:
    with scratch(["postgres"]) as con:
        _attach(con, request)
        wanted = {c.source_name for c in request.table.columns}
        catalogue = [row for row in _catalogue(con, request) if row[0] in wanted]
        if not catalogue:
            raise malformed(f"Bảng {_name(request)}", "không có cột nào như khai báo")
        window = _window(request, catalogue)
        sql = f"SELECT {', '.join(_projection(name, kind, sort) for name, kind, sort, _ in catalogue)} FROM {_name(request)}{window}"
        plan = (
            f"SELECT * FROM postgres_query('source', {literal(sql)})"
            if _needs_query(catalogue)
            else f"SELECT {', '.join(quote(r[0]) for r in catalogue)} FROM source.{_name(request)}{window}"
        )
        try:
            for batch in batches(con, plan):
                yield Chunk(_restored(batch))
        except duckdb.Error as error:
            raise _lost(request, error) from error


def _needs_query(catalogue: list[tuple[str, str, str, int]]) -> bool:
    """Whether any column must be cast at the source. Plain tables go by the parallel scan instead of one query."""
    return any(kind not in _NATIVE or sort != "b" for _, kind, sort, _ in catalogue)


def _arguments(request: Request) -> Connection:
    return Connection.model_validate(request.source.connector.arguments)


def _name(request: Request) -> str:
    read = Read.model_validate(request.table.read)
    return f"{quote(read.schema_)}.{quote(read.table)}"


def _attach(con: duckdb.DuckDBPyConnection, request: Request) -> None:
    """Attach the database read-only. The password goes by a DuckDB secret: it is in no URL, log or process list."""
    a = _arguments(request)
    try:
        host, port, password = resolve(a.host), str(resolve(a.port)), resolve(a.password) or ""
    except KeyError as missing:
        raise down(
            f"PostgreSQL {a.host}",
            f"{missing.args[0]} is not set",
            f"đặt biến môi trường hoặc tệp bí mật {missing.args[0]}",
        ) from None
    where = f"PostgreSQL {host}:{port}/{a.database}"
    con.execute(
        f"""CREATE OR REPLACE TEMPORARY SECRET source_login (TYPE postgres, HOST {literal(host)}, PORT {literal(port)},
        DATABASE {literal(a.database)}, USER {literal(a.user)}, PASSWORD {literal(password)})"""
    )
    con.execute("SET pg_experimental_filter_pushdown = true")
    options = f"connect_timeout={a.connect_timeout_seconds} application_name=dongson options='-c TimeZone=UTC'"
    try:
        con.execute(f"ATTACH {literal(options)} AS source (TYPE postgres, READ_ONLY, SECRET source_login)")
    except duckdb.Error as error:
        text = str(error)
        if any(sign in text for sign in ("password authentication", "no password supplied", "role ", "28P01")):
            raise refused(where, a.user) from None
        raise down(
            where,
            text.splitlines()[-1].strip(),
            f"kiểm tra máy chủ và cổng {port}, rồi ./ioc source pull {request.source.id}",
        ) from None


def _catalogue(con: duckdb.DuckDBPyConnection, request: Request) -> list[tuple[str, str, str, int]]:
    sql = _COLUMNS.format(table=literal(_name(request)))
    try:
        return con.execute(f"SELECT * FROM postgres_query('source', {literal(sql)})").fetchall()
    except duckdb.Error as error:
        raise malformed(f"Bảng {_name(request)}", str(error).splitlines()[0]) from None


def _projection(name: str, kind: str, sort: str) -> str:
    native = kind in _NATIVE and sort == "b"
    return quote(name) if native else f"{quote(name)}::text AS {quote(name)}"


def _window(request: Request, catalogue: list[tuple[str, str, str, int]]) -> str:
    """The cursor's window as a predicate that the source evaluates.

    Moments carry the source's offset: a column that keeps instants compares the instant, one without a zone the clock.
    """
    table = request.table
    if table.cursor is None or (request.since is None and request.until is None):
        return ""
    cursor = table.column(table.cursor)
    kind = {"timestamp": "timestamp", "date": "date", "integer": "bigint"}.get(cursor.type, "text")
    if (cursor.source_name, "timestamptz") in {(name, found) for name, found, *_ in catalogue}:
        kind = "timestamptz"
    tests = [
        f"{quote(cursor.source_name)} {sign} {literal(_local(moment, kind))}::{kind}"
        for sign, moment in ((">=", request.since), ("<=", request.until))
        if moment
    ]
    return f" WHERE {' AND '.join(tests)}"


def _local(moment: str, kind: str) -> str:
    return moment[:26].split("+")[0] if kind == "timestamp" else moment


def _restored(batch: pa.RecordBatch) -> pa.RecordBatch:
    """UUIDs as text: Arrow's fixed 16 bytes would be unreadable in the landing."""
    arrays = [c.cast(pa.string()) if c.type == pa.uuid() else c for c in batch.columns]
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def _lost(request: Request, error: duckdb.Error) -> Exception:
    a = _arguments(request)
    return down(
        f"PostgreSQL {resolve(a.host)}/{a.database}",
        f"the connection broke while reading: {str(error).splitlines()[0]}",
        f"./ioc source pull {request.source.id}",
    )
