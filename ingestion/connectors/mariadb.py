"""MariaDB and MySQL by connectorx's Arrow stream, with a projection that the catalogue's types decide.

Left to itself a driver turns tinyint(1) 5 into true, 0000-00-00 into NULL and TIME 838:59:59 into another time. So: dates,
times, decimals, unsigned bigints and bits come as text (cast by the server), tinyint(1) as an integer, text as utf8mb4. The
stream may end early without an error, so the rows are counted against the server's own count of the same window.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote as url_quote

import connectorx
import pyarrow as pa
import pymysql

from ingestion.connectors import Arguments, Chunk, Request, resolve
from ingestion.connectors._duckdb import BATCH_ROWS, down, malformed, refused
from warehouse.connect import literal
from warehouse.errors import Fault


class Connection(Arguments):
    host: str
    port: str | int = 3306
    database: str
    user: str
    password: dict[str, str] | None = None


class Read(Arguments):
    table: str


_INTEGERS = {"tinyint", "smallint", "mediumint", "int"}
_TEXTS = {"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"}


def columns(request: Request) -> list[str] | None:
    return [name for name, _, _ in _catalogue(request)]


def read(request: Request) -> Iterator[Chunk]:
    wanted = {c.source_name for c in request.table.columns}
    projection = ", ".join(_projection(*row) for row in _catalogue(request) if row[0] in wanted)
    table, window = _quote(_table(request)), _window(request)
    expected = _stream(request, f"SELECT CAST(count(*) AS CHAR) AS n FROM {table}{window}")
    before = int(next(iter(expected)).column(0)[0].as_py())
    count = 0
    for batch in _stream(request, f"SELECT {projection} FROM {table}{window}"):
        count += batch.num_rows
        yield Chunk(batch)
    if count < before:
        raise Fault(
            "IOC-204",
            f"Bảng {_table(request)}: nhận {count} dòng trong khi máy chủ có {before}.",
            f"Table {_table(request)}: {count} rows came of the server's {before}.",
            why="rows were deleted while reading, or the stream broke off",
            fix=f"./ioc source pull {request.source.id}",
        )


def _table(request: Request) -> str:
    return Read.model_validate(request.table.read).table


def _quote(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _catalogue(request: Request) -> list[tuple[str, str, str]]:
    """(name, data type, full column type), in order."""
    _knock(request)
    sql = f"""SELECT CAST(column_name AS CHAR) AS name, CAST(data_type AS CHAR) AS kind, CAST(column_type AS CHAR) AS full
        FROM information_schema.columns WHERE table_schema = database() AND table_name = {literal(_table(request))} ORDER BY ordinal_position"""
    rows = [
        (r["name"], r["kind"].lower(), r["full"].lower()) for batch in _stream(request, sql) for r in batch.to_pylist()
    ]
    if not rows:
        raise malformed(f"Bảng {_table(request)}", "không có trong cơ sở dữ liệu")
    return rows


def _projection(name: str, kind: str, full: str) -> str:
    column = _quote(name)
    if kind in _INTEGERS or (kind == "bigint" and "unsigned" not in full):
        # Adding zero takes away the display width (1), for which drivers make a boolean of a tinyint.
        return f"CAST({column} AS SIGNED) AS {column}"
    if kind in ("double", "float"):
        return f"CAST({column} AS DOUBLE) AS {column}"
    if kind == "bit":
        return f"CAST({column} + 0 AS CHAR) AS {column}"
    if kind in _TEXTS:
        return f"CONVERT({column} USING utf8mb4) AS {column}"
    return f"CAST({column} AS CHAR) AS {column}"


def _window(request: Request) -> str:
    table = request.table
    if table.cursor is None or request.since is None:
        return ""
    since = request.since[:26].split("+")[0].replace("T", " ")
    return f" WHERE {_quote(table.column(table.cursor).source_name)} >= {literal(since)}"


def _address(request: Request) -> tuple[str, int, str]:
    """(host, port, password). Raises `Fault` IOC-201 naming what is not set."""
    a = Connection.model_validate(request.source.connector.arguments)
    try:
        return resolve(a.host), int(resolve(a.port)), resolve(a.password) or ""
    except KeyError as missing:
        raise down(
            f"MariaDB {a.host}",
            f"{missing.args[0]} is not set",
            f"đặt biến môi trường hoặc tệp bí mật {missing.args[0]}",
        ) from None


def _knock(request: Request) -> None:
    """Log in once and leave. connectorx's pool would try for half a minute, and lock an account whose password changed."""
    a = Connection.model_validate(request.source.connector.arguments)
    host, port, password = _address(request)
    where = f"MariaDB {host}:{port}/{a.database}"
    try:
        pymysql.connect(
            host=host, port=port, user=a.user, password=password, database=a.database, connect_timeout=10
        ).close()
    except pymysql.err.OperationalError as error:
        if error.args[0] in (1044, 1045, 1698):
            raise refused(where, a.user) from None
        fix = f"kiểm tra máy chủ và cổng {port}, rồi ./ioc source pull {request.source.id}"
        raise down(where, str(error.args[-1]), fix) from None


def _stream(request: Request, sql: str) -> Iterator[pa.RecordBatch]:
    a = Connection.model_validate(request.source.connector.arguments)
    host, port, password = _address(request)
    where = f"MariaDB {host}:{port}/{a.database}"
    url = f"mysql://{url_quote(a.user, safe='')}:{url_quote(password, safe='')}@{host}:{port}/{a.database}"
    try:
        yield from connectorx.read_sql(url, sql, return_type="arrow_stream", batch_size=BATCH_ROWS)
    except (RuntimeError, ValueError) as error:
        text = str(error).replace(url, where)
        if any(sign in text for sign in ("timed out", "refused", "unreachable", "pool", "IoError", "DriverError")):
            raise down(
                where, text[:200], f"kiểm tra máy chủ và cổng {port}, rồi ./ioc source pull {request.source.id}"
            ) from None
        raise malformed(where, text[:200]) from None
