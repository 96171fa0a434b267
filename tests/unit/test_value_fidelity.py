"""No value is changed in silence: every edge value of a source is in raw exactly, or its row is in quarantine.

One table a database: a row and a column for each edge value, with plain neighbours before and after it. The rows go the
whole way: connector, landing, contract, load.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import made_up_servers
import pytest
from made_up_source import ask, declare

from ingestion.extract import extract
from ingestion.load import load
from ingestion.model import Source

#: The row must be in quarantine, for the type of this column and nothing else.
REFUSED = object()
NAMES = "Xã Thọ Xuân"


class Edge(NamedTuple):
    """`written` is SQL of the source; `type` is declared; `stored` is what raw holds, as DuckDB writes it in +07."""

    column: str
    written: str
    type: str
    stored: Any
    format: str | None = None


POSTGRES = [
    Edge("numeric", "'NaN'", "decimal", REFUSED),
    Edge("numeric", "'NaN'", "text", "NaN"),
    Edge("numeric", "1e-12", "double", "1e-12"),
    Edge("numeric", "1e-12", "decimal", REFUSED),
    Edge("numeric", "1e-12", "text", "0.000000000001"),
    Edge("numeric", "1234567890123456789012345678901234567890", "decimal", REFUSED),
    Edge("numeric", "1234567890123456789012345678901234567890", "text", "1234567890123456789012345678901234567890"),
    Edge("numeric(28,6)", "1234567890123456789012.123456", "decimal", "1234567890123456789012.123456"),
    Edge("bigint", "9223372036854775807", "integer", "9223372036854775807"),
    Edge("bigint", "-9223372036854775808", "integer", "-9223372036854775808"),
    Edge("float8", "'NaN'", "double", REFUSED),
    Edge("float8", "'Infinity'", "double", REFUSED),
    Edge("float8", "'-Infinity'", "double", REFUSED),
    Edge("float8", "0.1::float8 + 0.2::float8", "double", "0.30000000000000004"),
    Edge("money", "'1234.50'", "decimal", "1234.500000"),
    Edge("interval", "'1 mon 2 days 03:04:05.6'", "text", "1 mon 2 days 03:04:05.6"),
    Edge("inet", "'2001:db8::1/64'", "text", "2001:db8::1/64"),
    Edge("macaddr", "'08:00:2b:01:02:03'", "text", "08:00:2b:01:02:03"),
    Edge("point", "'(1.5,-2)'", "text", "(1.5,-2)"),
    Edge("uuid", "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", "text", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
    Edge("mau", "'đỏ'", "text", "đỏ"),
    Edge("int[]", "'{1,NULL,3}'", "text", "{1,NULL,3}"),
    Edge("text[]", "ARRAY['a,b', 'c\"d']", "text", '{"a,b","c\\"d"}'),
    Edge("jsonb", """'{"b": 1.10, "a": null}'""", "json", '{"a": null, "b": 1.10}'),
    Edge("json", "'{\"so\": 12345678901234567890}'", "json", '{"so": 12345678901234567890}'),
    Edge("bytea", "'\\x00ff10'", "text", "\\x00ff10"),
    Edge("bit(5)", "B'00101'", "text", "00101"),
    Edge("int4range", "'[1,5)'", "text", "[1,5)"),
    Edge("timestamptz", "'2026-11-01 07:00:00.123456+07'", "timestamp", "2026-11-01 07:00:00.123456+07"),
    Edge("timestamptz", "'infinity'", "timestamp", REFUSED),
    Edge("timestamptz", "'-infinity'", "timestamp", REFUSED),
    Edge("timestamp", "'2026-11-01 07:00:00.000001'", "timestamp", "2026-11-01 07:00:00.000001+07"),
    Edge("timestamp", "'infinity'", "timestamp", REFUSED),
    Edge("date", "'infinity'", "date", REFUSED),
    Edge("date", "'0044-03-15 BC'", "date", "0044-03-15 (BC)"),
    Edge("date", "'9999-12-31'", "date", "9999-12-31"),
    Edge("time", "'24:00:00'", "text", "24:00:00"),
    Edge("time", "'24:00:00'", "time", "24:00:00"),
    Edge("timetz", "'07:00:00+07'", "text", "07:00:00+07"),
    Edge("timetz", "'07:00:00+07'", "time", REFUSED),
    Edge("text", "U&'Xa\\0303 Tho\\0323 Xua\\0302n'", "text", NAMES),
    Edge("text", "'🌾 lúa'", "text", "🌾 lúa"),
    Edge("text", "U&'a\\0001b\\200B'", "text", "a\x01b\u200b"),
    Edge("text", "''", "text", None),
    Edge("text", "NULL", "text", None),
    Edge("char(6)", "'00123'", "text", "00123"),
    Edge("boolean", "false", "boolean", "false"),
    Edge('"char"', "'x'", "text", "x"),
    Edge("hai_so", "7", "integer", "7"),
]  # fmt: skip

MARIA = [
    Edge("tinyint(1)", "5", "integer", "5"),
    Edge("tinyint(1)", "-3", "integer", "-3"),
    Edge("tinyint(1)", "5", "boolean", REFUSED),
    Edge("tinyint(1)", "1", "boolean", "true"),
    Edge("bigint unsigned", "18446744073709551615", "decimal", "18446744073709551615.000000"),
    Edge("bigint unsigned", "18446744073709551615", "integer", REFUSED),
    Edge("bigint", "-9223372036854775808", "integer", "-9223372036854775808"),
    Edge("decimal(65,30)", "'0.000000000000000000000000000001'", "text", "0.000000000000000000000000000001"),
    Edge("decimal(65,30)", "'0.000000000000000000000000000001'", "decimal", REFUSED),
    Edge("decimal(65,30)", "'12345678901234567890.5'", "decimal", "12345678901234567890.500000"),
    Edge("date", "'0000-00-00'", "date", REFUSED),
    Edge("date", "'2024-00-15'", "date", REFUSED),
    Edge("date", "'2024-00-15'", "text", "2024-00-15"),
    Edge("datetime", "'0000-00-00 00:00:00'", "timestamp", REFUSED),
    Edge("datetime(6)", "'2026-11-01 07:00:00.123456'", "timestamp", "2026-11-01 07:00:00.123456+07"),
    Edge("timestamp(6) null", "'2026-11-01 07:00:00.123456'", "timestamp", "2026-11-01 14:00:00.123456+07"),
    Edge("timestamp null", "'0000-00-00 00:00:00'", "timestamp", REFUSED),
    Edge("time", "'838:59:59'", "text", "838:59:59"),
    Edge("time", "'838:59:59'", "time", REFUSED),
    Edge("time", "'-10:00:00'", "time", REFUSED),
    Edge("time", "'-10:00:00'", "text", "-10:00:00"),
    Edge("year", "2026", "integer", "2026"),
    Edge("year", "0", "text", "0000"),
    Edge("bit(8)", "b'00000101'", "integer", "5"),
    Edge("bit(64)", "b'1111111111111111111111111111111111111111111111111111111111111111'", "text", "18446744073709551615"),
    Edge("set('a','b','c')", "'a,c'", "text", "a,c"),
    Edge("enum('có','không')", "'không'", "text", "không"),
    Edge("json", "'{\"so\": 1.10}'", "json", '{"so": 1.10}'),
    Edge("varchar(20) character set latin1", "'Ngã ba é'", "text", "Ngã ba é"),
    Edge("varchar(20) character set ucs2", "'Thọ Xuân'", "text", "Thọ Xuân"),
    Edge("int(6) zerofill", "42", "text", "000042"),
    Edge("int(6) zerofill", "42", "integer", "42"),
    Edge("int unsigned", "4294967295", "integer", "4294967295"),
    Edge("blob", "X'00FF10'", "text", "\\x00ff10"),
    Edge("binary(3)", "X'00FF10'", "text", "\\x00ff10"),
    Edge("float", "16777216", "double", "16777216.0"),
    Edge("double", "0.1e0 + 0.2e0", "double", "0.30000000000000004"),
    Edge("point", "ST_GeomFromText('POINT(1.5 -2)')", "text", "POINT(1.5 -2)"),
    Edge("inet6", "'2001:db8::1'", "text", "2001:db8::1"),
    Edge("text", "'🌾 lúa'", "text", "🌾 lúa"),
    Edge("text", "CONVERT(X'5861CC832054686FCCA320587561CC826E' USING utf8mb4)", "text", NAMES),
    Edge("text", "CONCAT('a', CHAR(0), 'b')", "text", REFUSED),
    Edge("varchar(5)", "''", "text", None),
    Edge("varchar(5)", "NULL", "text", None),
]  # fmt: skip

SQLITE = [
    Edge("INTEGER", "'năm'", "integer", REFUSED),
    Edge("INTEGER", "9223372036854775807", "integer", "9223372036854775807"),
    Edge("INTEGER", "9223372036854775808", "integer", REFUSED),
    Edge("INTEGER", "3.7", "integer", REFUSED),
    Edge("", "'0012'", "text", "0012"),
    Edge("", "12", "text", "12"),
    Edge("REAL", "0.1", "double", "0.1"),
    Edge("REAL", "0.1 + 0.2", "double", "0.30000000000000004"),
    Edge("REAL", "1e999", "double", REFUSED),
    Edge("REAL", "1e-12", "decimal", REFUSED),
    Edge("REAL", "1234567.25", "decimal", "1234567.250000"),
    Edge("BLOB", "x'00ff10'", "text", "\\x00ff10"),
    Edge("BLOB", "x'00ff10'", "integer", REFUSED),
    Edge("DATE", "'2026-11-01'", "date", "2026-11-01"),
    Edge("DATE", "'2026-02-30'", "date", REFUSED),
    Edge("DATE", "2461345.5", "date", REFUSED),
    Edge("DATE", "1793491200000", "timestamp", "2026-11-01 07:00:00+07", "epoch_ms"),
    Edge("DATE", "1793491200", "date", REFUSED),
    Edge("BOOLEAN", "2", "boolean", REFUSED),
    Edge("TEXT", "'a' || char(0) || 'b'", "text", REFUSED),
    Edge("TEXT", "CAST(x'54686FCE20' AS TEXT)", "text", "\\x54686fce20"),
    Edge("TEXT", "'🌾 lúa'", "text", "🌾 lúa"),
    Edge("TEXT", "''", "text", None),
]  # fmt: skip


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IOC_HOME", str(tmp_path / "var"))
    monkeypatch.setenv("R_PASSWORD", made_up_servers.R_PASSWORD)
    return tmp_path


def tables(edges: list[Edge]) -> Iterator[str]:
    """The source's table, and its rows: `e<n>` has the n-th edge value in its column `c<n>` and nulls in the others."""
    yield f"CREATE TABLE bien (ma varchar(5) PRIMARY KEY, truoc varchar(9), {', '.join(f'c{n} {e.column}' for n, e in enumerate(edges))}, sau varchar(9))"
    yield "INSERT INTO bien (ma, truoc, sau) VALUES ('dau', 'trước', 'sau')"
    for n, edge in enumerate(edges):
        yield f"INSERT INTO bien (ma, truoc, c{n}, sau) VALUES ('e{n}', 'trước', {edge.written}, 'sau')"
    yield "INSERT INTO bien (ma, truoc, sau) VALUES ('het', 'trước', 'sau')"


def source(connector: dict[str, Any], edges: list[Edge], **read: str) -> Source:
    of_edges = [{"name": f"c{n}", "type": e.type, "format": e.format} for n, e in enumerate(edges)]
    text = [{"name": name, "type": "text"} for name in ("ma", "truoc", "sau")]
    one = declare(columns=[*text, *of_edges], cursor=None, read=read or {"table": "bien"})
    return Source.model_validate(one.model_dump(by_alias=True) | {"connector": connector})


def check(one: Source, edges: list[Edge]) -> None:
    """Pull, and compare cell by cell."""
    (loaded,) = load(extract(one, run_id="run"), holder="test")
    # Text is refused for a NUL only.
    refused = {
        f"e{n}": [f"{'nul' if e.type == 'text' else 'type'}:c{n}"] for n, e in enumerate(edges) if e.stored is REFUSED
    }
    names = [f"c{n}" for n in range(len(edges))]
    stored = ask(
        f"SELECT ma, truoc, sau, {', '.join(f'CAST({c} AS VARCHAR)' for c in names)} FROM raw.so_thu_nghiem__ho_so"
    )
    wrong = dict(ask("SELECT key_text, rules FROM quarantine.row"))
    cells = {row[0]: row[3:] for row in stored}
    differing = [
        (edge.column, edge.written, edge.type, cells[f"e{n}"][n] if f"e{n}" in cells else wrong.get(f"e{n}"))
        for n, edge in enumerate(edges)
        if (
            wrong.get(f"e{n}") != refused[f"e{n}"]
            if edge.stored is REFUSED
            else cells.get(f"e{n}", {n: "?"})[n] != edge.stored
        )
    ]
    assert differing == []
    assert wrong == refused
    assert (loaded.rows_in, loaded.rows_loaded, loaded.rows_quarantined) == (len(edges) + 2, len(cells), len(refused))
    for ma, truoc, sau, *values in stored:
        own = int(ma[1:]) if ma.startswith("e") else None
        assert (truoc, sau) == ("trước", "sau")
        assert all(value is None for n, value in enumerate(values) if n != own), ma


def test_edges__are_as_many_as_were_measured() -> None:
    assert len(POSTGRES) + len(MARIA) + len(SQLITE) >= 56
    assert min(sum(e.stored is REFUSED for e in edges) for edges in (POSTGRES, MARIA, SQLITE)) >= 9


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with made_up_servers.postgres(tmp_path_factory.mktemp("pg")) as (server, connector):
        server.psql("CREATE TYPE mau AS ENUM ('đỏ', 'xanh'); CREATE DOMAIN hai_so AS int CHECK (VALUE < 100);")
        server.psql(";\n".join(tables(POSTGRES)))
        yield connector


@pytest.fixture(params=["scanner", "scanner, as a large table", "adbc"])
def transport(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How rows of PostgreSQL come: without its wheel, the scanner's extension cannot be loaded into a new home."""
    if "large" in request.param:
        monkeypatch.setattr("ingestion.connectors.postgres.SCAN_BYTES", 0)
    if request.param == "adbc":
        monkeypatch.setitem(sys.modules, "duckdb_extension_postgres", None)
    return str(request.param)


@pytest.mark.slow
@pytest.mark.parametrize(
    "asked", [{"table": "bien"}, {"query": "SELECT * FROM bien WHERE truoc = 'trước' -- mọi dòng"}]
)
def test_postgres__changes_no_value_in_silence(postgres: dict[str, Any], transport: str, asked: dict[str, str]) -> None:
    check(source(postgres, POSTGRES, **asked), POSTGRES)


@pytest.fixture(scope="module")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with made_up_servers.mariadb(tmp_path_factory.mktemp("maria"), "--default-time-zone=+00:00") as (con, connector):
        for statement in tables(MARIA):
            con.query(statement)
        yield connector


@pytest.mark.slow
@pytest.mark.mariadb
@pytest.mark.parametrize("asked", [{"table": "bien"}, {"query": "SELECT * FROM bien;"}])
def test_mariadb__changes_no_value_in_silence(mariadb: dict[str, Any], asked: dict[str, str]) -> None:
    check(source(mariadb, MARIA, **asked), MARIA)


@pytest.mark.parametrize("asked", [{"table": "bien"}, {"query": "SELECT * FROM bien -- mọi dòng"}])
def test_sqlite__changes_no_value_in_silence(home: Path, asked: dict[str, str]) -> None:
    with sqlite3.connect(home / "n.sqlite") as con:
        for statement in tables(SQLITE):
            con.execute(statement)
    check(source({"kind": "sqlite", "path": str(home / "n.sqlite")}, SQLITE, **asked), SQLITE)
