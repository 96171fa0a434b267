"""MariaDB and MySQL by connectorx's Arrow stream, with a projection that the catalogue's types decide.

Left to itself a driver turns tinyint(1) 5 into true, 0000-00-00 into NULL and TIME 838:59:59 into another time. So: dates,
times, decimals, unsigned bigints and bits come as text (cast by the server), tinyint(1) as an integer, text as utf8mb4. A
TIMESTAMP, which a server shows in its own zone, comes with the offset of UTC. The stream may end early without an error,
so the rows are counted against the server's own count of the same window.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Literal
from urllib.parse import quote as url_quote

import connectorx
import pyarrow as pa
import pymysql
from pydantic import Field, model_validator
from pymysql.constants import FIELD_TYPE

from ingestion.connectors import Chunk, Request, _sql
from ingestion.connectors._duckdb import BATCH_ROWS, malformed, refused
from ingestion.connectors._sql import Column, Dialect, Sort

Secrecy = Literal["disabled", "required", "verify_ca"]


class Connection(_sql.Server):
    port: str | int = Field(default=3306, description="the server's port")
    database: str = Field(description="name of the database")
    ssl: Secrecy = Field(
        default="disabled",
        description="disabled: in clear · required: encrypted · verify_ca: encrypted, and the server's certificate is of `ssl_ca`",
    )
    ssl_ca: str | None = Field(default=None, description="file with the certificate authority, for `ssl: verify_ca`")

    @model_validator(mode="after")
    def _authority(self) -> Connection:
        if (self.ssl == "verify_ca") != (self.ssl_ca is not None):
            raise ValueError("ssl: verify_ca and ssl_ca go together")
        return self


class Read(_sql.Read):
    pass


def _quote(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _literal(text: str) -> str:
    """Hexadecimal: whether a backslash in quotes escapes is a setting of the server."""
    return f"CONVERT(X'{text.encode().hex()}' USING utf8mb4)"


#: `CONVERT_TZ` knows numeric offsets and the session's own zone without the server's zone tables.
_DIALECT = Dialect(
    _quote,
    _literal,
    {
        "instant": ("{}", "CONVERT_TZ(LEFT({}, 26), '+00:00', @@session.time_zone)"),
        "local": ("{}", "CAST({} AS DATETIME(6))"),
        "date": ("{}", "CAST({} AS DATE)"),
        "number": ("{}", "CAST({} AS DECIMAL(65,30))"),
        "text": ("CONVERT({} USING utf8mb4) COLLATE utf8mb4_bin", "{} COLLATE utf8mb4_bin"),
    },
)
_INTEGERS = ("tinyint", "smallint", "mediumint", "int")
_TEXTS = {"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"}
_BYTES = {"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"}
_SHAPES = {"geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon", "geometrycollection"}  # fmt: skip
_SORTS: dict[str, Sort] = {
    "timestamp": "instant", "datetime": "local", "date": "date", "char": "text", "varchar": "text", "text": "text",
    **dict.fromkeys((*_INTEGERS, "bigint", "decimal", "double", "float", "year"), "number"),
}  # fmt: skip
#: What a query's columns are called in the catalogue. Whole numbers go as decimals: all digits, zerofill and unsigned.
_OF_QUERY = {
    FIELD_TYPE.TIMESTAMP: "timestamp",
    FIELD_TYPE.DATETIME: "datetime",
    FIELD_TYPE.DATE: "date",
    FIELD_TYPE.FLOAT: "double",
    FIELD_TYPE.DOUBLE: "double",
    FIELD_TYPE.BIT: "bit",
    FIELD_TYPE.GEOMETRY: "geometry",
} | dict.fromkeys((FIELD_TYPE.TINY, FIELD_TYPE.SHORT, FIELD_TYPE.INT24, FIELD_TYPE.LONG, FIELD_TYPE.LONGLONG, FIELD_TYPE.DECIMAL, FIELD_TYPE.NEWDECIMAL), "decimal")  # fmt: skip
_TEXT_OR_BYTES = {FIELD_TYPE.BLOB, FIELD_TYPE.VAR_STRING, FIELD_TYPE.STRING, FIELD_TYPE.VARCHAR}
#: How connectorx says that a server takes too long, or that the stream broke off.
_SLOW = ("max_statement_time", "max_execution_time", "Lock wait timeout")
_BROKEN = ("timed out", "refused", "unreachable", "pool", "IoError", "DriverError", "was killed", "shutdown", "Codec")
_CATALOGUE = """SELECT column_name, data_type, column_type, is_nullable FROM information_schema.columns
    WHERE table_schema = database() AND table_name = %s ORDER BY ordinal_position"""

_KEY = """SELECT column_name FROM information_schema.key_column_usage
    WHERE table_schema = database() AND table_name = %s AND constraint_name = 'PRIMARY' ORDER BY ordinal_position"""


def columns(request: Request) -> list[str] | None:
    with _session(request) as con:
        return _sql.listed(request, _catalogue(con, request))


def key(request: Request) -> list[str]:
    """The primary key of the table, which a draft proposes."""
    with _session(request) as con, con.cursor() as cursor:
        cursor.execute(_KEY, [_read(request).table])
        return [name for (name,) in cursor.fetchall()]


def read(request: Request) -> Iterator[Chunk]:
    with _session(request) as con, con.cursor() as cursor:
        relation = _DIALECT.relation(_read(request))
        wanted = _sql.statement(request, _DIALECT, relation, _catalogue(con, request))
        cursor.execute(wanted.count)
        ((expected,),) = cursor.fetchall()
    yield from _sql.complete(request, wanted, expected, _stream(request, wanted.rows))


def _read(request: Request) -> Read:
    return Read.model_validate(request.table.read)


def _connection(request: Request) -> Connection:
    return Connection.model_validate(request.source.connector.arguments)


def _where(request: Request) -> str:
    a = _connection(request)
    host, _, port = _sql.resolved("MariaDB", a, a.port)
    return f"MariaDB {host}:{port}/{a.database}"


def _catalogue(con: pymysql.Connection, request: Request) -> list[Column]:
    asked = _read(request)
    with con.cursor() as cursor:
        if asked.table:
            cursor.execute(_CATALOGUE, [asked.table])
            found = [_column(n, kind.lower(), full.lower(), null == "YES") for n, kind, full, null in cursor.fetchall()]
        else:
            cursor.execute(f"SELECT * FROM {_DIALECT.relation(asked)} LIMIT 0")
            found = [_asked(name, code) for name, code, *_ in cursor.description]
    if not found:
        # The catalogue does not show what the login may not read.
        a = _connection(request)
        raise _sql.denied(asked.shown, "hoặc bảng không có", _sql.grant(_DIALECT, asked, a.user, a.database))
    return found


def _asked(name: str, code: int) -> Column:
    """A column of a query. Whether a text is one or bytes is known to the server alone."""
    if code not in _TEXT_OR_BYTES:
        return _column(name, _OF_QUERY.get(code, ""), "", True)
    text, data = _column(name, "text", "", True), _column(name, "blob", "", True)
    return Column(name, f"IF(CHARSET({_quote(name)}) = 'binary', {data.value}, {text.value})", "text")


def _column(name: str, kind: str, full: str, is_nullable: bool) -> Column:
    column = _quote(name)
    value = f"CAST({column} AS CHAR)"
    if "zerofill" not in full and (kind in _INTEGERS or (kind == "bigint" and "unsigned" not in full)):
        # A cast takes away the display width (1), for which drivers make a boolean of a tinyint.
        value = f"CAST({column} AS SIGNED)"
    elif kind in ("double", "float"):
        value = f"CAST({column} AS DOUBLE)"
    elif kind == "bit":
        value = f"CAST({column} + 0 AS CHAR)"
    elif kind in _TEXTS:
        value = f"CONVERT({column} USING utf8mb4)"
    elif kind in _BYTES:
        value = f"CONCAT({_literal(chr(92) + 'x')}, LOWER(HEX({column})))"
    elif kind in _SHAPES:
        value = f"ST_AsText({column})"
    elif kind == "timestamp":
        # 0000-00-00 is in no zone and stays as it is, to be refused by the contract.
        value = f"COALESCE(CONCAT(CONVERT_TZ({column}, @@session.time_zone, '+00:00'), '+00:00'), {value})"
    return Column(name, value, _SORTS.get(kind, "other"), is_nullable)


@contextlib.contextmanager
def _session(request: Request) -> Iterator[pymysql.Connection]:
    """One login for the questions, before connectorx, whose pool would try for half a minute and lock an account whose
    password changed. Raises `Fault` IOC-201, 202, 203, 206."""
    a, where = _connection(request), _where(request)
    host, password, port = _sql.resolved("MariaDB", a, a.port)
    try:
        with pymysql.connect(
            host=host,
            port=int(port),
            user=a.user,
            password=password.encode(),  # a text would be taken for Latin-1
            database=a.database,
            charset="utf8mb4",
            connect_timeout=a.connect_timeout_seconds,
            read_timeout=600,
            ssl_ca=a.ssl_ca,
            ssl_verify_cert=True if a.ssl_ca else None,
            ssl={"check_hostname": False, "verify_mode": "none"} if a.ssl == "required" else None,
            ssl_disabled=a.ssl == "disabled",
        ) as con:
            yield con
    except pymysql.err.MySQLError as error:
        number, text = (error.args[0], str(error.args[-1])) if error.args else (0, "")
        if number in (1045, 1698, 1820, 1862, 3118, 4151):
            raise refused(where, a.user, text) from None
        if number in (1044, 1142, 1143):
            grant = _sql.grant(_DIALECT, _read(request), a.user, a.database)
            raise _sql.denied(f"{where}, bảng {request.table.name}", text, grant) from None
        if "timed out" in text or number in (1205, 1969, 3024):
            raise _sql.too_slow(where, request.source) from None
        if number in (0, 1040, 1129, 1130, 1203, 1226, 2002, 2003, 2006, 2013, 2026):
            raise _sql.unreachable(where, text or "the connection broke", request.source) from None
        raise malformed(f"{where}, bảng {request.table.name}", f"{number} {text[:200]}") from None


def _stream(request: Request, sql: str) -> Iterator[pa.RecordBatch]:
    a, where = _connection(request), _where(request)
    host, password, port = _sql.resolved("MariaDB", a, a.port)
    login = f"{url_quote(a.user, safe='')}:{url_quote(password, safe='')}"
    url = (
        f"mysql://{login}@{host}:{port}/{url_quote(a.database, safe='')}?ssl-mode={a.ssl.upper()}&pool_min=1&pool_max=1"
    )
    if a.ssl_ca:
        url += f"&ssl-ca={url_quote(a.ssl_ca, safe='')}"
    try:
        yield from connectorx.read_sql(url, sql, return_type="arrow_stream", batch_size=BATCH_ROWS)
    except BaseException as error:
        # What goes wrong in the middle of the stream is a panic of the driver, and that is no Exception.
        if not isinstance(error, RuntimeError | ValueError) and type(error).__name__ != "PanicException":
            raise
        text = str(error).replace(login, "…")[:200]
        if any(sign in text for sign in _SLOW):
            raise _sql.too_slow(where, request.source) from None
        if any(sign in text for sign in _BROKEN):
            raise _sql.unreachable(where, text, request.source) from None
        raise malformed(where, text) from None
