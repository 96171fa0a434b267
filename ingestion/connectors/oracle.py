"""Oracle Database by python-oracledb's Arrow frames, in thin mode: no Oracle client is installed.

Not run against a live server: no Oracle runs where this was written. What is tested is everything before and after the
wire: the statements, the quoting, the driver's errors from ports that are closed, silent or talk nonsense, and the Arrow
types that the driver gives.

A NUMBER of more than 18 digits, a DATE (which has a time of day), times, intervals, XML and JSON come as the server's text
in formats that no setting changes. One read-only transaction a table: no half of an update is seen. The driver's own time
limits end with the TCP connection, so each answer is waited for with a limit of ours.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Literal, TypeVar

import oracledb
import pyarrow as pa
from pydantic import Field, model_validator

from ingestion.connectors import Chunk, Request, _sql
from ingestion.connectors._duckdb import malformed, refused
from ingestion.connectors._sql import Column, Dialect, Sort
from warehouse.connect import literal, quote
from warehouse.errors import Fault

BATCH_ROWS = 20_000
#: How long one answer of the server may take once we are in.
ANSWER_SECONDS = 600
_T = TypeVar("_T")


class Connection(_sql.Server):
    port: str | int = Field(default=1521, description="the listener's port")
    service_name: str | None = Field(default=None, description="the service, as in host:port/service; this or `sid`")
    sid: str | None = Field(default=None, description="the instance of an old database without services")
    protocol: Literal["tcp", "tcps"] = Field(default="tcp", description="tcps: encrypted, the certificate is checked")
    wallet_location: str | None = Field(
        default=None, description="folder with ewallet.pem, for tcps where no known authority signed the certificate"
    )
    wallet_password: dict[str, str] | None = Field(
        default=None, description="`{secret: NAME}` of an encrypted ewallet.pem"
    )

    @model_validator(mode="after")
    def _one_database(self) -> Connection:
        if (self.service_name is None) == (self.sid is None):
            raise ValueError("give either service_name or sid")
        if self.protocol == "tcp" and self.wallet_location:
            raise ValueError("wallet_location is for protocol: tcps")
        return self


class Read(_sql.Read):
    schema_: str | None = Field(
        default=None,
        alias="schema",
        description="the owner of the table, in capitals as Oracle keeps names; ours when absent",
    )


def _literal(text: str) -> str:
    """In ASCII: a database's character set may have no Vietnamese letters, and would take a literal's away."""
    if text.isascii() and "\\" not in text:
        return literal(text)
    units = text.encode("utf-16-be")
    codes = (units[i] << 8 | units[i + 1] for i in range(0, len(units), 2))
    plain = "".join(chr(c) if 32 <= c < 127 and chr(c) not in "\\'" else f"\\{c:04X}" for c in codes)
    return f"UNISTR('{plain}')"


_DIALECT = Dialect(
    quote,
    _literal,
    {
        "instant": ("{}", "TO_TIMESTAMP_TZ({}, 'YYYY-MM-DD HH24:MI:SS.FF6TZH:TZM')"),
        "local": ("{}", "TO_TIMESTAMP({}, 'YYYY-MM-DD HH24:MI:SS.FF6')"),
        "number": ("{}", "TO_NUMBER({})"),
        "text": ("{}", "{}"),
    },
)
#: Numbers with a point, texts compared by their bytes, local times in UTC: whatever the server's own language is.
_SESSION = "ALTER SESSION SET NLS_NUMERIC_CHARACTERS = '.,' NLS_SORT = BINARY NLS_COMP = BINARY NLS_LANGUAGE = AMERICAN TIME_ZONE = '+00:00'"
_SECONDS = 'YYYY-MM-DD"T"HH24:MI:SS'
_AS_TEXT = {
    "DB_TYPE_NUMBER": "TO_CHAR({0}, 'TM9')",
    "DB_TYPE_DATE": f"TO_CHAR({{0}}, '{_SECONDS}') || CASE WHEN {{0}} < DATE '0001-01-01' THEN ' (BC)' END",
    "DB_TYPE_TIMESTAMP": f"TO_CHAR({{0}}, '{_SECONDS}.FF9')",
    "DB_TYPE_TIMESTAMP_TZ": f"TO_CHAR({{0}}, '{_SECONDS}.FF9TZH:TZM')",
    "DB_TYPE_TIMESTAMP_LTZ": f"TO_CHAR({{0}}, '{_SECONDS}.FF9TZH:TZM')",
    "DB_TYPE_INTERVAL_DS": "TO_CHAR({0})",
    "DB_TYPE_INTERVAL_YM": "TO_CHAR({0})",
    "DB_TYPE_ROWID": "ROWIDTOCHAR({0})",
    "DB_TYPE_JSON": "JSON_SERIALIZE({0} RETURNING CLOB)",
    "DB_TYPE_XMLTYPE": "XMLSERIALIZE(CONTENT {0} AS CLOB)",
}
_SORTS: dict[str, Sort] = {
    "DB_TYPE_TIMESTAMP_TZ": "instant", "DB_TYPE_TIMESTAMP_LTZ": "instant", "DB_TYPE_TIMESTAMP": "local", "DB_TYPE_DATE": "local",
    **dict.fromkeys(("DB_TYPE_NUMBER", "DB_TYPE_BINARY_FLOAT", "DB_TYPE_BINARY_DOUBLE"), "number"),
    **dict.fromkeys(("DB_TYPE_CHAR", "DB_TYPE_VARCHAR", "DB_TYPE_NCHAR", "DB_TYPE_NVARCHAR"), "text"),
}  # fmt: skip
#: Wrong password, locked, expired, no right to log in, no rights, account locked for a day.
_REFUSED = {"ORA-01017", "ORA-28000", "ORA-28001", "ORA-01045", "ORA-28003", "ORA-28040", "DPY-4001"}
_DOWN = {"DPY-6005", "DPY-6000", "DPY-6001", "DPY-6003", "DPY-4011", "ORA-03113", "ORA-03114", "ORA-03135"} | {
    f"ORA-{code}" for code in (1033, 1034, 1089, 12505, 12514, 12516, 12518, 12519, 12520, 12528, 12537, 12541, 12543, 12545)
}  # fmt: skip
_SLOW = {"DPY-4024", "ORA-12170", "ORA-12535", "ORA-12606", "ORA-12609", "ORA-03136"}


class _Session:
    """A connection whose every answer has a time limit."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner
        self.con: Any = None

    def wait(self, ask: Callable[[], Awaitable[_T]], seconds: float = ANSWER_SECONDS) -> _T:
        async def limited() -> _T:
            return await asyncio.wait_for(ask(), seconds)

        return self._runner.run(limited())

    def execute(self, sql: str) -> Any:
        """The cursor, after the statement."""
        cursor = self.con.cursor()
        self.wait(lambda: cursor.execute(sql))
        return cursor

    def stream(self, sql: str) -> Iterator[pa.RecordBatch]:
        frames = self.con.fetch_df_batches(statement=sql, size=BATCH_ROWS)
        while (frame := self.wait(lambda: anext(frames, None))) is not None:
            if frame.num_rows():
                yield from pa.RecordBatchReader.from_stream(frame)


def columns(request: Request) -> list[str] | None:
    with _session(request) as session:
        return _sql.listed(request, _catalogue(session, request))


def read(request: Request) -> Iterator[Chunk]:
    with _session(request) as session:
        session.execute("SET TRANSACTION READ ONLY")
        wanted = _statement(request, _catalogue(session, request))
        ((expected,),) = session.wait(session.execute(wanted.count).fetchall)
        yield from _sql.complete(request, wanted, int(expected), session.stream(wanted.rows))


def _relation(request: Request) -> str:
    asked = Read.model_validate(request.table.read)
    return _DIALECT.relation(asked, asked.schema_)


def _statement(request: Request, catalogue: list[Column]) -> _sql.Statement:
    return _sql.statement(request, _DIALECT, _relation(request), catalogue)


def _catalogue(session: _Session, request: Request) -> list[Column]:
    """The columns as the server describes an empty result, for a table, a view, a synonym and a query alike."""
    described = session.execute(f"SELECT * FROM {_relation(request)} WHERE 1 = 0").description
    return [_column(c.name, c.type_code.name, c.precision, c.scale, c.null_ok) for c in described]


def _column(name: str, kind: str, precision: int | None, scale: int | None, is_nullable: bool | None) -> Column:
    column = quote(name)
    is_whole = kind == "DB_TYPE_NUMBER" and scale == 0 and 0 < (precision or 0) <= 18  # fits 64 bits
    value = column if is_whole else _AS_TEXT.get(kind, "{0}").format(column)
    return Column(name, value, _SORTS.get(kind, "other"), is_nullable is not False)


@contextlib.contextmanager
def _session(request: Request) -> Iterator[_Session]:
    """One connection. Raises `Fault` IOC-201, 202, 203, 204, 206."""
    a = Connection.model_validate(request.source.connector.arguments)
    host, password, port, wallet_password = _sql.resolved("Oracle", a, a.port, a.wallet_password)
    where = f"Oracle {host}:{port}/{a.service_name or a.sid}"
    with asyncio.Runner() as runner:
        session = _Session(runner)
        try:
            opening = functools.partial(
                oracledb.connect_async,
                user=a.user,
                password=password,
                host=host,
                port=int(port),
                service_name=a.service_name,
                sid=a.sid,
                protocol=a.protocol,
                wallet_location=a.wallet_location,
                wallet_password=wallet_password or None,
                tcp_connect_timeout=float(a.connect_timeout_seconds),
                retry_count=0,
                program="dongson",
            )
            session.con = session.wait(opening, a.connect_timeout_seconds)
            session.execute(_SESSION)
            yield session
        except oracledb.Error as error:
            raise _fault(request, where, a.user, error) from None
        except TimeoutError:
            raise _sql.too_slow(where, request.source) from None
        finally:
            if session.con is not None:
                with contextlib.suppress(oracledb.Error, TimeoutError):
                    session.wait(session.con.close, 5)


def _fault(request: Request, where: str, user: str, error: oracledb.Error) -> Fault:
    said = error.args[0]
    code, text = said.full_code, said.message.splitlines()[0]
    if code in _REFUSED:
        return refused(where, user)
    if code in ("ORA-00942", "ORA-01031", "ORA-41900"):  # the first is said too of what may not be read
        asked = Read.model_validate(request.table.read)
        grant = _sql.grant(_DIALECT, asked, user, asked.schema_)
        return _sql.denied(f"{where}, bảng {request.table.name}", text, grant)
    if code in _SLOW or "timed out" in said.message:
        return _sql.too_slow(where, request.source)
    if code in _DOWN:
        return _sql.unreachable(where, text, request.source)
    if code == "ORA-01555":  # snapshot too old
        return Fault(
            "IOC-204",
            f"Bảng {request.table.name} đổi quá nhiều trong khi đọc.",
            f"Table {request.table.name} changed too much while it was read.",
            why=text,
            fix=f"./ioc source pull {request.source.id}",
        )
    return malformed(f"{where}, bảng {request.table.name}", text)
