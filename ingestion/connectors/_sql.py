"""What the connectors of SQL databases share: which columns and rows are asked for, and whether all of them came.

A connector says how its database quotes and compares (`Dialect`) and which columns a table has (`Column`); the statement
is put together here. The cursor's window is a filter that saves work and never decides: what a database cannot compare
rightly (a date kept as text, a number kept as text) is read in full, and the load recognises what it has already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Literal
from zoneinfo import ZoneInfo

import pyarrow as pa
from pydantic import Field, model_validator

from ingestion import model
from ingestion.connectors import Arguments, Chunk, Request, resolve
from ingestion.connectors._duckdb import down, malformed
from warehouse.errors import Fault

#: How a column compares: an instant; a clock without a zone; a day; a number; a text by its code points; not at all.
Sort = Literal["instant", "local", "date", "number", "text", "other"]


class Server(Arguments):
    """The connection arguments of every database server."""

    host: str = Field(description="name or address of the server; `${NAME}` is read from the environment")
    user: str = Field(description="the login that the office gave us; it needs SELECT and nothing else")
    password: dict[str, str] | None = Field(
        default=None, description="`{secret: NAME}`: the variable NAME, or the file `<IOC_HOME>/secrets/NAME`"
    )
    connect_timeout_seconds: int = Field(default=10, gt=0, description="how long the server may take to let us in")


class Read(Arguments):
    """What to read: a table or view, or a SELECT where an office grants no more than that."""

    table: str | None = Field(
        default=None, min_length=1, description="name of the table or view, as the database has it"
    )
    query: str | None = Field(
        default=None,
        pattern=r"(?is)^\s*(select|with)\b",
        description="instead of `table`: one SELECT; the cursor's window is put around it, so it needs no WHERE for it",
    )

    @model_validator(mode="after")
    def _one(self) -> Read:
        if (self.table is None) == (self.query is None):
            raise ValueError("give either table or query")
        return self

    @property
    def shown(self) -> str:
        """What is read, for a message."""
        return f"Bảng {self.table}" if self.table else "Câu truy vấn"


@dataclass(frozen=True)
class Column:
    """A column of the source. `value` is the expression whose result nothing changes on its way here."""

    name: str
    value: str
    sort: Sort
    is_nullable: bool = True


@dataclass(frozen=True)
class Dialect:
    """How a database quotes names and texts, and for each sort that it compares the two sides, as templates."""

    quote: Callable[[str], str]
    literal: Callable[[str], str]
    sides: Mapping[Sort, tuple[str, str]]

    def relation(self, read: Read, schema: str | None = None) -> str:
        """What follows FROM. A query stands on lines of its own, or a comment at its end would hide the bracket."""
        if read.query:
            return f"(\n{read.query.strip().rstrip(';')}\n) asked"
        name = self.quote(read.table or "")
        return f"{self.quote(schema)}.{name}" if schema else name


@dataclass(frozen=True)
class Statement:
    """The rows of a request, and how many they are. The columns are called c0, c1, … on their way: what names a database,
    a driver or DuckDB may give or takes for equal does not matter then; `landed` gives them their declared ones."""

    names: list[str]
    rows: str
    count: str
    is_plain: bool

    def landed(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch under the declared names, with bytes as text (`\\x` and hexadecimal digits, as PostgreSQL writes them)
        and UUIDs as they are written."""
        arrays = []
        for values in batch.columns:
            if values.type == pa.uuid():
                values = values.cast(pa.string())
            elif pa.types.is_binary(values.type) or pa.types.is_large_binary(values.type):
                values = pa.array([hexadecimal(v) for v in values.to_pylist()], pa.string())
            arrays.append(values)
        return pa.RecordBatch.from_arrays(arrays, names=self.names)


def names(request: Request, present: Sequence[str]) -> dict[str, str]:
    """Present name → declared name: the same, or else the only one that differs in nothing but capitals."""
    declared = [*(c.source_name for c in request.table.columns), *(c.name for c in request.table.ignored_columns)]
    found = {name: name for name in present if name in declared}
    for name in declared:
        alike = [p for p in present if p.lower() == name.lower() and p not in found]
        if name not in found and len(alike) == 1:
            found[alike[0]] = name
    return found


def listed(request: Request, columns: Sequence[Column]) -> list[str]:
    """The source's column names for drift, under their declared names where they have one."""
    known = names(request, [c.name for c in columns])
    return [known.get(c.name, c.name) for c in columns]


def statement(request: Request, dialect: Dialect, relation: str, columns: Sequence[Column]) -> Statement:
    """The declared columns in the request's window. Raises `Fault` IOC-206 when none is there, or when two of them differ
    in capitals only, which the warehouse takes for one."""
    known = names(request, [c.name for c in columns])
    wanted = {c.source_name for c in request.table.columns}
    chosen = [c for c in columns if known.get(c.name) in wanted]
    if not chosen:
        raise malformed(f"Bảng {request.table.name}", "không có cột nào như khai báo")
    if not differ(wanted):
        raise malformed(f"Bảng {request.table.name}", "hai cột được khai báo chỉ khác nhau ở chữ hoa")
    fields = ", ".join(f"{c.value} AS c{n}" for n, c in enumerate(chosen))
    where = _window(request, dialect, {known[c.name]: c for c in chosen})
    rest = f"FROM {relation}{where}"
    is_plain = not where and all(c.value == dialect.quote(c.name) for c in chosen)
    return Statement([known[c.name] for c in chosen], f"SELECT {fields} {rest}", f"SELECT count(*) {rest}", is_plain)


def differ(names: Iterable[str]) -> bool:
    """Whether names differ in more than capitals."""
    lower = [name.lower() for name in names]
    return len(set(lower)) == len(lower)


def _window(request: Request, dialect: Dialect, columns: Mapping[str, Column]) -> str:
    table, zone = request.table, request.source.time_zone
    declared = table.column(table.cursor) if table.cursor else None
    column = columns.get(declared.source_name) if declared else None
    if not declared or not column or column.sort not in dialect.sides:
        return ""
    name, (left, right) = dialect.quote(column.name), dialect.sides[column.sort]
    tests = []
    for bound, is_end in ((request.since, False), (request.until, True)):
        limit = _limit(bound, declared, column.sort, zone, is_end=is_end) if bound else None
        if limit:
            tests.append(f"({left.format(name)} {limit[0]} {right.format(dialect.literal(limit[1]))})")
    if not tests:
        return ""
    # A row that has no cursor value yet would never be in any window.
    unknown = f" OR {name} IS NULL" if column.is_nullable and not request.until else ""
    return f" WHERE ({' AND '.join(tests)}{unknown})"


def _limit(bound: str, declared: model.Column, sort: Sort, zone: str, *, is_end: bool) -> tuple[str, str] | None:
    """Operator and value of one end of the window, or None where the source cannot compare what was declared."""
    operator = "<=" if is_end else ">="
    if declared.type == "text":
        return (operator, bound) if sort == "text" else None
    if declared.type in ("integer", "decimal", "double"):
        return (operator, bound) if sort == "number" and _is_number(bound) else None
    if declared.type not in ("date", "timestamp"):
        return None
    try:
        moment = datetime.fromisoformat(bound)
    except ValueError:
        return None
    moment = moment.replace(tzinfo=ZoneInfo(zone)) if moment.tzinfo is None else moment.astimezone(ZoneInfo(zone))
    if sort == "date":
        return operator, moment.date().isoformat()
    if sort == "text":
        # ' ' or 'T' before the hour, an offset after it: only days compare as text, and another zone may have the next.
        day = moment.date() + timedelta(days=2 if is_end else -1)
        return ("<" if is_end else ">=", day.isoformat()) if declared.format in (None, "iso") else None
    if is_end and len(bound) == 10:  # a day given as the end is meant as a whole
        operator, moment = "<", moment + timedelta(days=1)
    if sort == "instant":
        return operator, moment.astimezone(UTC).isoformat(" ", "microseconds")
    if sort == "local":
        return operator, moment.replace(tzinfo=None).isoformat(" ", "microseconds")
    if declared.format == "epoch_ms":
        return operator, str((moment - datetime.fromtimestamp(0, UTC)) // timedelta(milliseconds=1))
    return None


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def resolved(kind: str, server: Server, *values: object) -> list[str]:
    """The host, the password, and these values, with names and secrets resolved; nothing becomes "". Raises `Fault`
    IOC-201 naming what is not set."""
    try:
        return [str(resolve(value) or "") for value in (server.host, server.password, *values)]
    except KeyError as missing:
        raise down(
            f"{kind} {server.host}",
            f"{missing.args[0]} is not set",
            f"đặt biến môi trường hoặc tệp bí mật {missing.args[0]}",
        ) from None


def unreachable(where: str, why: str, source: model.Source) -> Fault:
    """`Fault` IOC-201: nobody answers, or the connection broke."""
    return down(where, why, f"kiểm tra máy chủ và đường truyền, rồi ./ioc source pull {source.id}")


def too_slow(where: str, source: model.Source) -> Fault:
    """`Fault` IOC-203: the server is there and does not answer in time."""
    return Fault(
        "IOC-203",
        f"{where} trả lời quá chậm.",
        f"{where} answers too slowly.",
        fix=f"./ioc source pull {source.id}",
    )


def grant(dialect: Dialect, read: Read, user: str, schema: str | None = None) -> str:
    """What the server's administrator must run so that `user` may read this."""
    on = dialect.relation(read, schema) if read.table else "<bảng trong câu truy vấn>"
    return f"GRANT SELECT ON {on} TO {dialect.quote(user)}"


def denied(what: str, why: str, grant: str) -> Fault:
    """`Fault` IOC-206: the login is right and may not read this. Not IOC-202: no account is locked by asking again, and the
    source's other tables are still pulled."""
    return malformed(
        what, f"tài khoản không có quyền đọc ({why})", f"nhờ quản trị viên của máy chủ nguồn chạy: {grant}"
    )


def complete(request: Request, wanted: Statement, expected: int, batches: Iterator[pa.RecordBatch]) -> Iterator[Chunk]:
    """The batches as chunks. Raises `Fault` IOC-204 at the end when fewer rows came than the server counted before."""
    count = 0
    for batch in batches:
        count += batch.num_rows
        yield Chunk(wanted.landed(batch))
    if count < expected:
        raise Fault(
            "IOC-204",
            f"Bảng {request.table.name}: nhận {count} dòng trong khi máy chủ có {expected}.",
            f"Table {request.table.name}: {count} rows came of the server's {expected}.",
            why="rows were deleted while reading, or the stream broke off",
            fix=f"./ioc source pull {request.source.id}",
        )


def hexadecimal(value: bytes | None) -> str | None:
    return None if value is None else "\\x" + value.hex()
