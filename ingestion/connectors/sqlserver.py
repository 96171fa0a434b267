"""SQL Server by mssql-python's Arrow reader, with a projection that the server's own description of the result decides.

Not run against a live server: no SQL Server runs where this was written. What is tested is everything before and after
the wire: the statements, the quoting, the driver's errors from ports that are closed, silent or talk nonsense, and the
Arrow types that the driver gives.

Decimals, money, times with fractions of a second, variants, hierarchies, XML and identifiers come as the server's text in
a style that no setting changes. The whole read is one snapshot where the database allows it; where not, it is one
statement, and its rows are counted against the server's count. The login says that it only reads.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Literal

import mssql_python
import pyarrow as pa
from pydantic import Field, field_validator

from ingestion.connectors import Chunk, Request, _sql
from ingestion.connectors._duckdb import malformed, refused
from ingestion.connectors._sql import Column, Dialect, Sort
from warehouse.errors import Fault

BATCH_ROWS = 20_000
#: How long one statement may take on the server.
STATEMENT_SECONDS = 600
# The driver in Rust needs no library of the system; a pooled connection would stay open after the pull.
mssql_python.native_provider = "mssql-odbc"  # type: ignore[attr-defined]
mssql_python.pooling(enabled=False)


class Connection(_sql.Server):
    port: str | int = Field(default=1433, description="the server's port")
    database: str = Field(description="name of the database")
    encrypt: Literal["required", "strict", "disabled"] = Field(
        default="required",
        description="required: encrypted after the greeting · strict: from the first byte (TDS 8) · disabled",
    )
    trust_server_certificate: bool = Field(
        default=False, description="true: take any certificate; only for an office that cannot give us its own"
    )
    server_certificate: str | None = Field(
        default=None,
        description="file with the certificate that the server must show, where no known authority signed it",
    )


class Read(_sql.Read):
    schema_: str = Field(default="dbo", alias="schema", description="the schema of the table")

    @field_validator("query")
    @classmethod
    def _can_be_wrapped(cls, query: str | None) -> str | None:
        if query and query.lstrip()[:4].lower() == "with":
            raise ValueError(
                "SQL Server takes no WITH inside brackets: begin with SELECT, or ask the office for a view"
            )
        return query


def _quote(name: str) -> str:
    return "[" + name.replace("]", "]]") + "]"


def _literal(text: str) -> str:
    return "N'" + text.replace("'", "''") + "'"


_DIALECT = Dialect(
    _quote,
    _literal,
    {
        "instant": ("{}", "CAST({} AS datetimeoffset(7))"),
        "local": ("{}", "CAST({} AS datetime2(7))"),
        "date": ("{}", "CAST({} AS date)"),
        "number": ("{}", "CAST({} AS decimal(38, 10))"),
        "text": ("CAST({} AS nvarchar(4000)) COLLATE Latin1_General_BIN2", "{}"),
    },
)
_NATIVE = (
    "bigint",
    "int",
    "smallint",
    "tinyint",
    "bit",
    "float",
    "real",
    "date",
    "char",
    "varchar",
    "nchar",
    "nvarchar",
)
#: Style 126 is ISO 8601 with all digits, 121 the same with the offset, 2 money with four digits and no commas.
_AS_TEXT = {
    "decimal": "CONVERT(varchar(41), {})",
    "numeric": "CONVERT(varchar(41), {})",
    "money": "CONVERT(varchar(30), {}, 2)",
    "smallmoney": "CONVERT(varchar(30), {}, 2)",
    "datetime": "CONVERT(varchar(33), {}, 126)",
    "smalldatetime": "CONVERT(varchar(33), {}, 126)",
    "datetime2": "CONVERT(varchar(33), {}, 126)",
    "datetimeoffset": "CONVERT(varchar(34), {}, 121)",
    "time": "CONVERT(varchar(16), {}, 121)",
    "uniqueidentifier": "LOWER(CONVERT(char(36), {}))",
    "sql_variant": "CONVERT(nvarchar(4000), {}, 126)",
    "hierarchyid": "{}.ToString()",
    "geometry": "{}.STAsText()",
    "geography": "{}.STAsText()",
    **dict.fromkeys(("binary", "varbinary", "timestamp", "rowversion", "image"), "CONVERT(varbinary(max), {})"),
}
_SORTS: dict[str, Sort] = {
    "datetimeoffset": "instant", "date": "date",
    **dict.fromkeys(("datetime", "datetime2", "smalldatetime"), "local"),
    **dict.fromkeys(("bigint", "int", "smallint", "tinyint", "decimal", "numeric", "money", "float", "real"), "number"),
    **dict.fromkeys(("char", "varchar", "nchar", "nvarchar"), "text"),
}  # fmt: skip
_DESCRIBE = """SELECT name, system_type_name, user_type_name, is_nullable, error_message
    FROM sys.dm_exec_describe_first_result_set({}, NULL, 0) WHERE is_hidden = 0 OR error_message IS NOT NULL ORDER BY column_ordinal"""
_HAS_SNAPSHOT = "SELECT snapshot_isolation_state FROM sys.databases WHERE database_id = DB_ID()"


def columns(request: Request) -> list[str] | None:
    with _session(request) as con:
        return _sql.listed(request, _catalogue(con, request))


def read(request: Request) -> Iterator[Chunk]:
    with _session(request) as con:
        wanted = _statement(request, _catalogue(con, request))
        if _rows(con, _HAS_SNAPSHOT)[0][0] == 1:
            con.cursor().execute("SET TRANSACTION ISOLATION LEVEL SNAPSHOT; BEGIN TRANSACTION")
        expected = int(_rows(con, wanted.count)[0][0])
        yield from _sql.complete(request, wanted, expected, _stream(con, wanted.rows))


def _read(request: Request) -> Read:
    return Read.model_validate(request.table.read)


def _relation(request: Request) -> str:
    asked = _read(request)
    return _DIALECT.relation(asked, asked.schema_)


def _statement(request: Request, catalogue: list[Column]) -> _sql.Statement:
    return _sql.statement(request, _DIALECT, _relation(request), catalogue)


def _catalogue(con: mssql_python.Connection, request: Request) -> list[Column]:
    """The columns as the server describes them, for a table and a query alike. Raises `Fault` IOC-206 with its words."""
    described = _rows(con, _DESCRIBE.format(_literal(f"SELECT * FROM {_relation(request)}")))
    wrong = [message for *_, message in described if message]
    if wrong or not described:
        raise malformed(_read(request).shown, wrong[0] if wrong else "không có cột nào")
    return [_column(name, kind or own or "", bool(null)) for name, kind, own, null, _ in described]


def _column(name: str, kind: str, is_nullable: bool) -> Column:
    """`kind` is the type with its size, as `decimal(38,6)`; what is not known comes as text."""
    base, column = kind.partition("(")[0], _quote(name)
    value = column if base in _NATIVE else _AS_TEXT.get(base, "CONVERT(nvarchar(max), {})").format(column)
    return Column(name, value, _SORTS.get(base, "other"), is_nullable)


def _rows(con: mssql_python.Connection, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in con.cursor().execute(sql).fetchall()]


def _stream(con: mssql_python.Connection, sql: str) -> Iterator[pa.RecordBatch]:
    yield from con.cursor().execute(sql).arrow_reader(BATCH_ROWS)


def _connection_string(a: Connection, host: str, password: str, port: str) -> str:
    parts = {
        "Server": f"tcp:{host},{port}",
        "Database": a.database,
        "UID": a.user,
        "PWD": password,
        "Encrypt": {"required": "yes", "strict": "strict", "disabled": "no"}[a.encrypt],
        "TrustServerCertificate": "yes" if a.trust_server_certificate else "no",
        "ApplicationIntent": "ReadOnly",
        "ConnectRetryCount": "0",
    }
    if a.server_certificate:
        parts["ServerCertificate"] = a.server_certificate
    return ";".join(f"{name}={{{value.replace('}', '}}')}}}" for name, value in parts.items() if value)


@contextlib.contextmanager
def _session(request: Request) -> Iterator[mssql_python.Connection]:
    """One connection. Raises `Fault` IOC-201, 202, 203, 204, 206."""
    a = Connection.model_validate(request.source.connector.arguments)
    host, password, port = _sql.resolved("SQL Server", a, a.port)
    where = f"SQL Server {host}:{port}/{a.database}"
    try:
        with contextlib.closing(
            mssql_python.connect(
                _connection_string(a, host, password, port), autocommit=True, timeout=a.connect_timeout_seconds
            )
        ) as con:
            con.timeout = STATEMENT_SECONDS
            yield con
    except mssql_python.Error as error:
        raise _fault(request, where, a.user, error) from None


def _fault(request: Request, where: str, user: str, error: mssql_python.Error) -> Fault:
    """The driver keeps of an error its SQLSTATE, as fixed words, and the server's message; rarely the number."""
    state, text = error.driver_error, (error.ddbc_error or error.driver_error).removeprefix("[Microsoft]")
    signs = (
        "18456",
        "18470",
        "18487",
        "18488",
        "4060",
        "Login failed",
        "Cannot open database",
    )
    if "permission was denied" in text:
        grant = _sql.grant(_DIALECT, _read(request), user, _read(request).schema_)
        return _sql.denied(f"{where}, bảng {request.table.name}", text[:200], grant)
    if state == "Invalid authorization specification" or any(sign in text for sign in signs):
        return refused(where, user)
    if "imeout" in state or "imeout" in text:
        return _sql.too_slow(where, request.source)
    if state in (
        "Client unable to establish connection",
        "Communication link failure",
        "Server rejected the connection",
    ):
        return _sql.unreachable(where, text[:200], request.source)
    return malformed(f"{where}, bảng {request.table.name}", text[:200])
