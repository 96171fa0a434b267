"""SQL Server and Oracle, everything but a live server: statements against answers written by hand, quoting, the drivers'
own errors from ports that are closed, silent or talk nonsense, and batches of the Arrow types that the drivers give."""

from __future__ import annotations

import asyncio
import datetime
import re
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import mssql_python
import oracledb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_request import request, rows
from mssql_python.exceptions import sqlstate_to_exception
from oracledb.dataframe import DataFrame
from oracledb.errors import _Error
from pydantic import ValidationError

from ingestion.connectors import Request, _sql, oracle, sqlserver
from warehouse.errors import Fault

SQLSERVER = {"kind": "sqlserver", "host": "127.0.0.1", "database": "d", "user": "doc", "password": {"secret": "P"}}
ORACLE = {"kind": "oracle", "host": "127.0.0.1", "service_name": "d", "user": "doc", "password": {"secret": "P"}}


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("P", "mật};khẩu")


def asked(tmp_path: Path, connector: dict[str, Any], columns: str, kind: str = "timestamp", **read: Any) -> Request:
    """A request whose last column is its cursor of the declared type, from 00:00 of 1 November in +07."""
    name = columns.split(";")[-1].partition("=")[0].strip()
    one = request(tmp_path, connector, read or {"table": "Hồ sơ]"}, columns, cursor=name)
    of_kind = [c.model_copy(update={"type": kind if c.name == name else "text"}) for c in one.table.columns]
    table = one.table.model_copy(update={"columns": of_kind})
    return replace(one, table=table, since="2026-11-01T00:00:00+07:00")


# -- statements ------------------------------------------------------------------------------------------------------

SQLSERVER_TYPES = {
    "decimal(38,6)": "CONVERT(varchar(41), [c])",
    "money": "CONVERT(varchar(30), [c], 2)",
    "datetime": "CONVERT(varchar(33), [c], 126)",
    "datetimeoffset(7)": "CONVERT(varchar(34), [c], 121)",
    "time(7)": "CONVERT(varchar(16), [c], 121)",
    "sql_variant": "CONVERT(nvarchar(4000), [c], 126)",
    "hierarchyid": "[c].ToString()",
    "geography": "[c].STAsText()",
    "xml": "CONVERT(nvarchar(max), [c])",
    "uniqueidentifier": "LOWER(CONVERT(char(36), [c]))",
    "timestamp": "CONVERT(varbinary(max), [c])",
    "bigint": "[c]",
    "bit": "[c]",
    "nvarchar(max)": "[c]",
    "float": "[c]",
    "date": "[c]",
    "kieu_rieng": "CONVERT(nvarchar(max), [c])",
}
ORACLE_TYPES = {
    ("DB_TYPE_NUMBER", 18, 0): '"c"',
    ("DB_TYPE_NUMBER", 19, 0): "TO_CHAR(\"c\", 'TM9')",
    ("DB_TYPE_NUMBER", 0, -127): "TO_CHAR(\"c\", 'TM9')",
    ("DB_TYPE_NUMBER", 12, 2): "TO_CHAR(\"c\", 'TM9')",
    (
        "DB_TYPE_DATE",
        None,
        None,
    ): """TO_CHAR("c", 'YYYY-MM-DD"T"HH24:MI:SS') || CASE WHEN "c" < DATE '0001-01-01' THEN ' (BC)' END""",
    ("DB_TYPE_TIMESTAMP", 0, 6): """TO_CHAR("c", 'YYYY-MM-DD"T"HH24:MI:SS.FF9')""",
    ("DB_TYPE_TIMESTAMP_TZ", 0, 6): """TO_CHAR("c", 'YYYY-MM-DD"T"HH24:MI:SS.FF9TZH:TZM')""",
    ("DB_TYPE_INTERVAL_DS", 2, 6): 'TO_CHAR("c")',
    ("DB_TYPE_XMLTYPE", None, None): 'XMLSERIALIZE(CONTENT "c" AS CLOB)',
    ("DB_TYPE_BINARY_DOUBLE", None, None): '"c"',
    ("DB_TYPE_CLOB", None, None): '"c"',
    ("DB_TYPE_RAW", None, None): '"c"',
}


def test_types__come_natively_only_where_nothing_can_change_them() -> None:
    assert len(SQLSERVER_TYPES) == 17 and len(ORACLE_TYPES) == 12
    for kind, value in SQLSERVER_TYPES.items():
        assert sqlserver._column("c", kind, True).value == value, kind
    for (kind, precision, scale), value in ORACLE_TYPES.items():
        assert oracle._column("c", kind, precision, scale, True).value == value, kind


def test_sqlserver__statement_is_as_written_by_hand(tmp_path: Path) -> None:
    one = asked(tmp_path, SQLSERVER, "ma;phi=Lệ phí;luc=CAP_NHAT")
    catalogue = [
        ("MA", "int", False),
        ("Lệ phí", "money", True),
        ("khac", "xml", True),
        ("cap_nhat", "datetime2(7)", True),
    ]
    found = sqlserver._statement(one, [sqlserver._column(*c) for c in catalogue])
    rest = "FROM [dbo].[Hồ sơ]]] WHERE (([cap_nhat] >= CAST(N'2026-11-01 00:00:00.000000' AS datetime2(7))) OR [cap_nhat] IS NULL)"
    assert found.rows == (
        f"SELECT [MA] AS c0, CONVERT(varchar(30), [Lệ phí], 2) AS c1, CONVERT(varchar(33), [cap_nhat], 126) AS c2 {rest}"
    )
    assert found.count == f"SELECT count(*) {rest}"
    assert found.names == ["ma", "Lệ phí", "CAP_NHAT"]


def test_oracle__statement_is_as_written_by_hand(tmp_path: Path) -> None:
    one = asked(tmp_path, ORACLE, "ma;luc", query="SELECT * FROM H.HS -- của huyện\n;")
    catalogue = [("MA", "DB_TYPE_NUMBER", 10, 0, False), ("LUC", "DB_TYPE_TIMESTAMP_TZ", 0, 6, False)]
    found = oracle._statement(replace(one, until="2026-11-02"), [oracle._column(*c) for c in catalogue])
    moment = "TO_TIMESTAMP_TZ('{}', 'YYYY-MM-DD HH24:MI:SS.FF6TZH:TZM')"
    assert found.rows == (
        """SELECT "MA" AS c0, TO_CHAR("LUC", 'YYYY-MM-DD"T"HH24:MI:SS.FF9TZH:TZM') AS c1 FROM (\n"""
        """SELECT * FROM H.HS -- của huyện\n\n) asked WHERE """
        f"""(("LUC" >= {moment.format("2026-10-31 17:00:00.000000+00:00")}) AND ("LUC" < {moment.format("2026-11-02 17:00:00.000000+00:00")}))"""
    )  # the declared day is the whole 2 November of +07


def test_names__match_exactly_first_and_then_without_capitals_when_only_one_does(tmp_path: Path) -> None:
    one = request(tmp_path, ORACLE, {"table": "T"}, "ma;hai=Ma;ten;gia")
    assert _sql.names(one, ["MA", "ma", "Ten", "TEN", "GIA", "la"]) == {"ma": "ma", "MA": "Ma", "GIA": "gia"}
    with pytest.raises(Fault, match="chỉ khác nhau ở chữ hoa"):
        oracle._statement(one, [oracle._column(n, "DB_TYPE_VARCHAR", None, None, True) for n in ("MA", "ma")])


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_quoting__gives_back_any_name_and_any_text(text: str) -> None:
    name = sqlserver._quote(text)
    assert re.fullmatch(r"\[(?:[^\]]|\]\])*\]", name, re.S) and name[1:-1].replace("]]", "]") == text
    value = sqlserver._literal(text)
    assert re.fullmatch(r"N'(?:[^']|'')*'", value, re.S) and value[2:-1].replace("''", "'") == text
    assert oracle_text(oracle._literal(text)) == text


def oracle_text(literal: str) -> str:
    """What Oracle reads in a literal or in UNISTR, whose units are UTF-16."""
    found = re.fullmatch(r"UNISTR\('((?:[^'\\]|\\[0-9A-F]{4})*)'\)", literal)
    if found is None:
        plain = re.fullmatch(r"'((?:[^']|'')*)'", literal, re.S)
        assert plain and literal.isascii()
        return plain[1].replace("''", "'")
    units = re.findall(r"\\([0-9A-F]{4})|(.)", found[1])
    return b"".join(
        int(code, 16).to_bytes(2, "big") if code else char.encode("utf-16-be") for code, char in units
    ).decode("utf-16-be")


@given(*[st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1)] * 2)
def test_sqlserver__password_and_database_cannot_leave_their_place(password: str, database: str) -> None:
    from mssql_python.connection_string_parser import _ConnectionStringParser

    a = sqlserver.Connection(host="h", database=database, user="doc")
    text = sqlserver._connection_string(a, "h", password, "1433")
    parsed = _ConnectionStringParser(validate_keywords=True)._parse(text)
    assert (parsed["pwd"], parsed["database"], parsed["encrypt"], parsed["trustservercertificate"]) == (
        password,
        database,
        "yes",
        "no",
    )
    assert parsed["applicationintent"] == "ReadOnly"


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        (sqlserver.Read, {"query": "WITH a AS (SELECT 1) SELECT * FROM a"}),
        (sqlserver.Read, {"query": "DELETE FROM t"}),
        (sqlserver.Read, {"table": "t", "query": "SELECT 1"}),
        (sqlserver.Read, {"schema": "dbo"}),
        (oracle.Connection, {"host": "h", "user": "u", "service_name": "s", "sid": "s"}),
        (oracle.Connection, {"host": "h", "user": "u", "service_name": "s", "wallet_location": "/w"}),
        (sqlserver.Connection, {"host": "h", "user": "u", "database": "d", "encrypt": "sometimes"}),
    ],
)
def test_arguments__that_make_no_sense_are_refused(module: Any, arguments: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        module.model_validate(arguments)


# -- errors ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ports() -> Iterator[dict[str, int]]:
    """A port where nobody listens, one that answers like a web server, one that takes the call and says nothing."""
    listeners = {name: socket.create_server(("127.0.0.1", 0)) for name in ("nonsense", "silent")}
    held = []

    def answer() -> None:
        while True:
            try:
                call, _ = listeners["nonsense"].accept()
            except OSError:
                return
            call.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            held.append(call)
            time.sleep(0.05)
            call.close()

    threading.Thread(target=answer, daemon=True).start()
    yield {"closed": 9} | {name: s.getsockname()[1] for name, s in listeners.items()}
    for listener in listeners.values():
        listener.close()


@pytest.mark.parametrize("connector", [SQLSERVER, ORACLE], ids=["sqlserver", "oracle"])
@pytest.mark.parametrize(("port", "code"), [("closed", "IOC-201"), ("nonsense", "IOC-201"), ("silent", "IOC-203")])
def test_server__that_does_not_answer_is_said_in_time(
    tmp_path: Path, ports: dict[str, int], connector: dict[str, Any], port: str, code: str
) -> None:
    began = time.monotonic()
    with pytest.raises(Fault) as caught:
        rows(request(tmp_path, connector | {"port": ports[port], "connect_timeout_seconds": 1}, {"table": "t"}, "ma"))
    assert caught.value.code == code
    assert str(ports[port]) in caught.value.what_en and "khẩu" not in str(vars(caught.value))
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    ("number", "code"),
    [(1017, "IOC-202"), (28000, "IOC-202"), (28001, "IOC-202"), (12541, "IOC-201"), (12514, "IOC-201"), (3113, "IOC-201"), (12170, "IOC-203"), (1555, "IOC-204"), (942, "IOC-206")],
)  # fmt: skip
def test_oracle__error_numbers_say_who_must_act(tmp_path: Path, number: int, code: str) -> None:
    error = oracledb.DatabaseError(_Error(f"ORA-{number:05}: lời của máy chủ", code=number))
    assert oracle._fault(request(tmp_path, ORACLE, {"table": "t"}, "ma"), "Oracle h", "doc", error).code == code


@pytest.mark.parametrize(
    ("state", "words", "code"),
    [
        ("28000", "Login failed for user 'doc'.", "IOC-202"),
        ("42000", 'Cannot open database "d" requested by the login. The login failed.', "IOC-202"),
        ("42000", "The SELECT permission was denied on the object 't'", "IOC-206"),
        ("08S01", "TCP Provider: Error code 0x68", "IOC-201"),
        ("HYT00", "Query timeout expired", "IOC-203"),
        ("42S02", "Invalid object name 't'.", "IOC-206"),
    ],
)
def test_sqlserver__states_say_who_must_act(tmp_path: Path, state: str, words: str, code: str) -> None:
    error = sqlstate_to_exception(state, f"[Microsoft][ODBC Driver 18 for SQL Server][SQL Server]{words}")
    assert isinstance(error, mssql_python.Error)
    one = request(tmp_path, SQLSERVER, {"table": "t"}, "ma")
    assert sqlserver._fault(one, "SQL Server h", "doc", error).code == code


# -- what the drivers give -------------------------------------------------------------------------------------------


def test_batches__of_the_drivers_types_keep_every_value(tmp_path: Path) -> None:
    names = ["so", "dem", "ngay", "ten", "dai", "khoa", "co"]
    one = request(tmp_path, SQLSERVER, {"table": "t"}, ";".join(names))
    wanted = sqlserver._statement(one, [sqlserver._column(n, "nvarchar(9)", True) for n in names])
    columns = [
        pa.array([float("nan"), None]), pa.array([255, None], pa.uint8()), pa.array([datetime.date(1, 1, 1), None]),
        pa.array(["Thọ 🌾", None], pa.large_string()), pa.array([b"\x00\xff", None], pa.large_binary()),
        pa.array([b"\x01", b""], pa.binary()), pa.array([True, None]),
    ]  # fmt: skip
    batch = pa.RecordBatch.from_arrays(columns, names=[f"c{n}" for n in range(7)])
    (chunk,) = _sql.complete(one, wanted, 2, iter([batch]))
    assert chunk.batch.schema.names == names
    first, second = chunk.batch.to_pylist()
    assert (first["dem"], first["ngay"], first["ten"], first["co"]) == (255, datetime.date(1, 1, 1), "Thọ 🌾", True)
    assert (first["dai"], first["khoa"], second["dai"], second["khoa"]) == ("\\x00ff", "\\x01", None, "\\x")
    assert first["so"] != first["so"] and second["so"] is None


def test_oracle__frames_come_as_batches_until_there_is_none() -> None:
    class Frames:
        async def fetch_df_batches(self, *, statement: str, size: int) -> AsyncIterator[DataFrame]:
            for part in ([1, None], [3]):
                yield DataFrame._from_arrow(pa.table({"C0": pa.array(part, pa.int64())}))

    with asyncio.Runner() as runner:
        session = oracle._Session(runner)
        session.con = Frames()
        found = [row for batch in session.stream("SELECT …") for row in batch.column(0).to_pylist()]
    assert found == [1, None, 3]


def test_stream__that_ends_early_is_an_error_and_not_a_smaller_table(tmp_path: Path) -> None:
    one = request(tmp_path, ORACLE, {"table": "T"}, "ma")
    wanted = oracle._statement(one, [oracle._column("MA", "DB_TYPE_NUMBER", 9, 0, False)])
    batches = [pa.RecordBatch.from_pydict({"c0": [1, 2]}), pa.RecordBatch.from_pydict({"c0": [3]})]
    seen = []
    with pytest.raises(Fault) as caught:
        for chunk in _sql.complete(one, wanted, 4, iter(batches)):
            seen += chunk.batch.column("ma").to_pylist()
    assert seen == [1, 2, 3] and caught.value.code == "IOC-204"
    assert len(list(_sql.complete(one, wanted, 3, iter(batches)))) == 2
