"""PostgreSQL, streaming, with the catalogue's types deciding what may come natively and what comes as text.

Rows come by DuckDB's scanner, or by ADBC where the scanner's extension cannot be loaded (`_postgres_transport`). Each was
found to change some values in silence, so only types that it carries unchanged come natively; numeric, money, interval,
inet, xml, arrays, ranges, enums and whatever else come as the server's own text. One read-only, repeatable-read
transaction a table: no half of an update is seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field

from pydantic import Field

from ingestion.connectors import Chunk, Request, _sql
from ingestion.connectors._duckdb import malformed
from ingestion.connectors._postgres_transport import Login, Transport, in_words, open_transport
from ingestion.connectors._sql import Column, Dialect
from ingestion.model import Source
from warehouse.connect import literal, quote


class Connection(_sql.Server):
    port: str | int = Field(default=5432, description="the server's port")
    database: str = Field(description="name of the database")


class Read(_sql.Read):
    schema_: str = Field(default="public", alias="schema", description="the schema of the table")


_DIALECT = Dialect(
    quote,
    literal,
    {
        "instant": ("{}", "{}::timestamptz"),
        "local": ("{}", "{}::timestamp"),
        "date": ("{}", "{}::date"),
        "number": ("{}", "{}::numeric"),
        # Watermarks are compared by code points; a database's own order may put 'a' before 'B'.
        "text": ('{} COLLATE "C"', "{}"),
    },
)
_SORTS: dict[str, _sql.Sort] = {
    "timestamptz": "instant", "timestamp": "local", "date": "date",
    "int2": "number", "int4": "number", "int8": "number", "numeric": "number",
    "text": "text", "varchar": "text", "bpchar": "text",
}  # fmt: skip
#: From this size a table is read by several connections, for which the scanner first reads the whole schema's catalogue:
#: 30 ms on a schema of 200 tables.
SCAN_BYTES = 4_000_000
#: A type of the user's own may have the name of a base type, so only base types of the system go by their name.
_KIND = "(SELECT CASE WHEN typtype = 'b' AND typnamespace = 'pg_catalog'::regnamespace THEN typname ELSE '' END FROM pg_type WHERE oid = {})"
_OF_TABLE = f"""SELECT attname::text, {_KIND.format("atttypid")}::text, attnotnull, pg_relation_size(attrelid)
    FROM pg_attribute WHERE attrelid = {{}}::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"""
_KEY = """SELECT attname::text FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey)
    WHERE indrelid = {}::regclass AND indisprimary ORDER BY array_position(indkey::int2[], attnum)"""


@dataclass(frozen=True)
class _Catalogue:
    """The columns of a table and its size; a query, a view or a partitioned table has none of its own."""

    columns: list[Column]
    size: int = 0


@dataclass(frozen=True)
class _Session:
    """One connection for all tables of a pull, and what `columns` has asked of a table that `read` comes for next."""

    transport: Transport
    asked: dict[str, _Catalogue] = field(default_factory=dict)


@contextmanager
def session(source: Source) -> Iterator[_Session]:
    with open_transport(_login(source), source) as transport:
        yield _Session(transport)


@contextmanager
def _session(request: Request) -> Iterator[_Session]:
    opened = nullcontext(request.session) if request.session is not None else session(request.source)
    with opened as found, in_words(_login(request.source), request.source, request.table.name):
        yield found


def columns(request: Request) -> list[str] | None:
    with _session(request) as current:
        catalogue = _catalogue(current.transport, request)
        current.asked[request.table.name] = catalogue
        return _sql.listed(request, catalogue.columns)


def key(request: Request) -> list[str]:
    """The primary key of the table, which a draft proposes."""
    asked = _read(request)
    if not asked.table:
        return []
    with _session(request) as current:
        return [
            name for (name,) in current.transport.ask(_KEY.format(literal(_DIALECT.relation(asked, asked.schema_))))
        ]


def read(request: Request) -> Iterator[Chunk]:
    asked = _read(request)
    with _session(request) as current:
        transport = current.transport
        relation = _DIALECT.relation(asked, asked.schema_)
        catalogue = current.asked.pop(request.table.name, None) or _catalogue(transport, request)
        wanted = _sql.statement(request, _DIALECT, relation, catalogue.columns)
        is_scan = bool(transport.scans and asked.table) and wanted.is_plain and catalogue.size >= SCAN_BYTES
        # DuckDB's names do not know capitals: beside “ma”, a column “Ma” could be read for it.
        is_scan = is_scan and _sql.differ(c.name for c in catalogue.columns)
        if is_scan:
            wanted = _sql.statement(request, _DIALECT, f"{transport.scans}.{relation}", catalogue.columns)
        for batch in transport.stream(wanted.rows, is_scan=is_scan):
            yield Chunk(wanted.landed(batch))


def _read(request: Request) -> Read:
    return Read.model_validate(request.table.read)


def _login(source: Source) -> Login:
    a = Connection.model_validate(source.connector.arguments)
    host, password, port = _sql.resolved("PostgreSQL", a, a.port)
    return Login(host, int(port), a.database, a.user, password, a.connect_timeout_seconds)


def _catalogue(transport: Transport, request: Request) -> _Catalogue:
    """The columns with their types. A query has no catalogue: it is joined to one row on nothing, which makes the server
    tell the types without reading a row. Raises `Fault` IOC-206 when there is no such table or the query is wrong."""
    asked = _read(request)
    relation = _DIALECT.relation(asked, asked.schema_)
    if asked.table:
        found = transport.ask(_OF_TABLE.format(literal(relation)))
    else:
        present = transport.names(f"SELECT * FROM {relation} LIMIT 0")
        oids = [f"pg_typeof(asked.{quote(name)})::oid" for name in present]
        kinds = ", ".join(f"{_KIND.format(oid)}::text AS c{n}" for n, oid in enumerate(oids))
        row = transport.ask(f"SELECT {kinds} FROM (SELECT 1) one LEFT JOIN {relation} ON false")[0]
        found = [(name, kind, False, 0) for name, kind in zip(present, row, strict=True)]
    if not found:
        raise malformed(asked.shown, "không có cột nào")
    return _Catalogue(
        [_column(name, kind, not is_set, transport.native) for name, kind, is_set, _ in found], found[0][3]
    )


def _column(name: str, kind: str, is_nullable: bool, native: frozenset[str]) -> Column:
    value = quote(name)
    if kind == "money":
        value = f"{value}::numeric::text"  # as text it would have the server's currency sign and marks
    elif kind not in native:
        value = f"{value}::text"
        if kind in ("date", "timestamp", "timestamptz"):
            value = f"replace({value}, ' BC', ' (BC)')"  # as the warehouse writes years before Christ
    return Column(name, value, _SORTS.get(kind, "other"), is_nullable)
