"""The two ways in which rows of PostgreSQL come: DuckDB's scanner, and ADBC where its extension cannot be loaded.

The scanner is twice as fast and reads a plain table in parallel. The extension is a compiled file for one version of
DuckDB and one kind of machine, so it may be missing; ADBC is a plain Python package.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import duckdb
import pyarrow as pa
from adbc_driver_manager import Error as AdbcError

from ingestion.connectors import _sql
from ingestion.connectors._duckdb import batches, malformed, refused
from ingestion.model import Source
from warehouse.connect import literal, quote, scratch
from warehouse.errors import Fault

#: Types that both carry unchanged. The scanner makes a numeric NaN 0.00, ADBC an infinite date the year -290279.
EXACT = frozenset({"int2", "int4", "int8", "bool", "text", "varchar", "bpchar", "float4", "float8"})
#: Values as text must not depend on how a server or a login is set up.
_SETTINGS = {
    "TimeZone": "UTC",
    "DateStyle": "ISO",
    "IntervalStyle": "postgres",
    "extra_float_digits": "3",
    "bytea_output": "hex",
    "xmloption": "content",
    "client_encoding": "UTF8",
    "default_transaction_read_only": "on",
    "default_transaction_isolation": r"repeatable\ read",
}
_REFUSED = ("password authentication", "no password supplied", 'FATAL:  role "', "pg_hba.conf", "28P01")
_SLOW = ("timeout expired", "statement timeout", "lock timeout", "conflict with recovery")
#: “permission denied for materialized view gia”: what to ask the owner for, by what is denied; else SELECT.
_DENIED = re.compile(r"permission denied for (foreign table|materialized view|\w+) ([^\n]+)")
_GRANTS = {"schema": "USAGE ON SCHEMA", "database": "CONNECT ON DATABASE", "function": "EXECUTE ON FUNCTION"}
_BROKEN = (
    "server closed the connection",
    "terminating connection",
    "could not receive data",
    "SSL SYSCALL",
    "no connection to the server",
    "could not translate host name",
    "too many ",
    "remaining connection slots",
)


@dataclass(frozen=True)
class Login:
    host: str
    port: int
    database: str
    user: str
    password: str
    timeout_seconds: int

    @property
    def where(self) -> str:
        return f"PostgreSQL {self.host}:{self.port}/{self.database}"

    @property
    def options(self) -> dict[str, str]:
        """What libpq is told besides the login."""
        return {
            "connect_timeout": str(self.timeout_seconds),
            "application_name": "dongson",
            "tcp_user_timeout": "60000",
            "options": " ".join(f"-c {name}={value}" for name, value in _SETTINGS.items()),
        }


class Transport(Protocol):
    """`native` are the types that it carries unchanged. `scans` is the catalogue in which a plain table is read by several
    connections at a time (`is_scan`), of one snapshot; None where there is no such way."""

    native: frozenset[str]
    scans: str | None

    def ask(self, sql: str) -> list[tuple[Any, ...]]: ...
    def names(self, sql: str) -> list[str]: ...
    def stream(self, sql: str, *, is_scan: bool) -> Iterator[pa.RecordBatch]: ...


@contextlib.contextmanager
def open_transport(login: Login, source: Source) -> Iterator[Transport]:
    """Connect. Raises `Fault` IOC-201 (down), 202 (refused), 203 (too slow)."""
    with contextlib.ExitStack() as stack:
        with in_words(login, source):
            transport: Transport
            try:
                con = stack.enter_context(scratch(["postgres"]))
            except (ImportError, OSError, duckdb.Error):
                from ingestion.connectors import _postgres_adbc  # brings pandas and polars: a second and 110 MB

                transport = stack.enter_context(_postgres_adbc.connect(_conninfo(_parts(login))))
            else:
                transport = _Scanner(con, login)
        yield transport


@contextlib.contextmanager
def in_words(login: Login, source: Source, table: str = "") -> Iterator[None]:
    """A driver's error as `Fault`: besides those of connecting, IOC-201 (broken while reading), 206 (wrong query)."""
    try:
        yield
    except (duckdb.Error, AdbcError) as error:
        raise _fault(login, source, table, error) from None


def _parts(login: Login) -> dict[str, str]:
    who = {"host": login.host, "port": str(login.port), "dbname": login.database, "user": login.user}
    return who | {"password": login.password} | login.options


def _conninfo(parts: dict[str, str]) -> str:
    escaped = {name: value.replace("\\", "\\\\").replace("'", "\\'") for name, value in parts.items()}
    return " ".join(f"{name}='{value}'" for name, value in escaped.items())


class _Scanner:
    native = EXACT | {"date", "timestamp", "timestamptz", "uuid", "json", "jsonb"}
    scans: str | None = "source"

    def __init__(self, con: duckdb.DuckDBPyConnection, login: Login) -> None:
        """Attach the database read-only. The password goes by a DuckDB secret: it is in no URL, log or process list."""
        self._con = con
        con.execute(
            f"""CREATE OR REPLACE TEMPORARY SECRET source_login (TYPE postgres, HOST {literal(login.host)},
            PORT {literal(str(login.port))}, DATABASE {literal(login.database)}, USER {literal(login.user)},
            PASSWORD {literal(login.password)})"""
        )
        con.execute(
            f"ATTACH {literal(_conninfo(login.options))} AS source (TYPE postgres, READ_ONLY, SECRET source_login)"
        )

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        return self._con.execute(self._query(sql)).fetchall()

    def names(self, sql: str) -> list[str]:
        return [name for name, *_ in self._con.execute(f"DESCRIBE {self._query(sql)}").fetchall()]

    def stream(self, sql: str, *, is_scan: bool) -> Iterator[pa.RecordBatch]:
        return batches(self._con, sql if is_scan else self._query(sql))

    @staticmethod
    def _query(sql: str) -> str:
        return f"SELECT * FROM postgres_query('source', {literal(sql)})"


def _fault(login: Login, source: Source, table: str, error: Exception) -> Fault:
    text = str(error).replace(login.password or "\0", "…")
    # DuckDB puts all that libpq was told before what libpq says.
    text = text.partition("'\": ")[2] or text
    what = f"{login.where}{table and f', bảng {table}'}"
    if found := _DENIED.search(text):
        grant = f"GRANT {_GRANTS.get(found[1], 'SELECT ON')} {quote(found[2].strip())} TO {quote(login.user)}"
        return _sql.denied(what, found[0].strip(), grant)
    if any(sign in text for sign in _REFUSED):
        return refused(login.where, login.user, text.strip().splitlines()[-1])
    if any(sign in text for sign in _SLOW):
        return _sql.too_slow(login.where, source)
    if "onnection to server" in text or any(sign in text for sign in _BROKEN):
        return _sql.unreachable(login.where, text.strip().splitlines()[-1].strip(), source)
    said = text.partition("ERROR:")[2] or text
    return malformed(what, said.strip().splitlines()[0])
