"""Which rows an SQL source is asked for: the cursor's window, names with anything in them, queries; on real servers."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import made_up_servers
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_up_request import request, rows

from ingestion import connectors
from ingestion.connectors import mariadb as mariadb_connector
from warehouse.connect import quote
from warehouse.errors import Fault

Server = tuple[Callable[[str], Any], dict[str, Any]]
#: A clock in +07; the fourth is a microsecond past the hour. The seventh row has no cursor value.
HOURS = ["2026-10-31 22:00:00", "2026-10-31 23:00:00", "2026-11-01 00:00:00", "2026-11-01 01:00:00.000001", "2026-11-01 02:00:00", "2026-11-01 03:00:00"]  # fmt: skip
DAYS = ["2026-10-30", "2026-10-31", "2026-11-01", "2026-11-02", "2026-11-03", "2026-11-04"]
ALL = [0, 1, 2, 3, 4, 5, 6]


@pytest.fixture(scope="module")
def pg(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with made_up_servers.postgres(tmp_path_factory.mktemp("pg")) as (server, connector):
        yield lambda sql: server.psql(f"SET TimeZone = 'Asia/Ho_Chi_Minh'; {sql}"), connector


@pytest.fixture(scope="module")
def maria(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("maria")
    made_up_servers.certificate(folder / "c.pem", folder / "k.pem")
    tls = (f"--ssl-cert={folder / 'c.pem'}", f"--ssl-key={folder / 'k.pem'}")
    with made_up_servers.mariadb(folder, "--default-time-zone=+00:00", *tls) as (con, connector):
        con.query("SET time_zone = '+07:00'")  # of the writer alone
        yield con.query, connector


@pytest.fixture
def lite(tmp_path: Path) -> Iterator[Server]:
    con = sqlite3.connect(tmp_path / "n.sqlite", isolation_level=None)
    yield con.execute, {"kind": "sqlite", "path": str(tmp_path / "n.sqlite")}
    con.close()


@pytest.fixture(params=["pg", pytest.param("maria", marks=pytest.mark.mariadb), "lite"])
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, ioc_home: Path) -> Server:
    monkeypatch.setenv("R_PASSWORD", made_up_servers.R_PASSWORD)
    found: Server = request.getfixturevalue(request.param)
    return found


def fill(run: Callable[[str], Any], kind: str, values: list[str]) -> None:
    run("DROP TABLE IF EXISTS gio")
    run(f"CREATE TABLE gio (ma int, moc {kind} NULL)")
    for n, value in enumerate([*(f"'{v}'" for v in values), "NULL"]):
        run(f"INSERT INTO gio VALUES ({n}, {value})")


def window(tmp_path: Path, connector: dict[str, Any], kind: str, since: str | None, until: str | None = None, read: dict[str, str] | None = None) -> list[int]:  # fmt: skip
    """The `ma` of the rows that come for a window; the cursor `moc` is declared as `kind`."""
    asked = request(tmp_path, connector, read or {"table": "gio"}, "ma;moc", cursor="moc")
    ma, moc = asked.table.columns
    table = asked.table.model_copy(update={"columns": [ma, moc.model_copy(update={"type": kind})]})
    found, _, _ = rows(replace(asked, table=table, since=since, until=until))
    return sorted(int(row["ma"]) for row in found)


@pytest.mark.slow
@pytest.mark.parametrize("read", [{"table": "gio"}, {"query": "SELECT * FROM gio -- tất cả"}])
def test_window__is_the_same_moments_whatever_the_server_keeps(tmp_path: Path, server: Server, read: dict[str, str]) -> None:  # fmt: skip
    run, connector = server
    kinds = {"postgres": ["timestamptz", "timestamp"], "mariadb": ["timestamp(6)", "datetime(6)"], "sqlite": ["TEXT"]}
    for kind in kinds[connector["kind"]]:
        fill(run, kind, HOURS)

        def at(since: str | None, until: str | None = None) -> list[int]:
            return window(tmp_path, connector, "timestamp", since, until, read)

        assert at(None) == ALL
        if kind == "TEXT":  # as text only days compare, and no row is lost for it
            assert at("2026-11-02T00:00:00+07:00", "2026-11-03T00:00:00+07:00") == [2, 3, 4, 5, 6]
            continue
        assert at("2026-11-01T00:00:00+07:00", "2026-11-01T02:00:00+07:00") == [2, 3, 4], kind
        assert at("2026-11-01T01:00:00.000001+07:00") == [3, 4, 5, 6], "the row without a cursor value comes too"
        assert at("2026-10-31T18:00:00.000002Z") == [4, 5, 6], "a microsecond later, told in another zone"
        assert at(None, "2026-10-31") == [0, 1], "a day is meant as a whole"


@pytest.mark.slow
def test_window__of_days_and_numbers_includes_its_ends(tmp_path: Path, server: Server) -> None:
    run, connector = server
    is_lite = connector["kind"] == "sqlite"
    fill(run, "date", DAYS)
    asked = window(tmp_path, connector, "date", "2026-11-01", "2026-11-02")
    assert asked == ([1, 2, 3, 4, 6] if is_lite else [2, 3]), (
        "SQLite keeps days as text: a day more at each end, and the unknown"
    )
    fill(run, "bigint", ["-5", "9", "10", "9007199254740993", "9007199254740994", "99"])
    assert window(tmp_path, connector, "integer", "10", "9007199254740993") == ([2, 3, 5, 6] if is_lite else [2, 3, 5])
    assert window(tmp_path, connector, "integer", "9007199254740994") == [4, 6]
    assert window(tmp_path, connector, "integer", "2026-11-01") == ALL, "what cannot be compared is read"


@pytest.mark.slow
def test_window__of_texts_goes_by_code_points_like_the_watermark(tmp_path: Path, server: Server) -> None:
    run, connector = server
    fill(run, "varchar(9)", ["B", "a", "b", "Đ", "é", "10"])
    assert window(tmp_path, connector, "text", "a") == [1, 2, 3, 4, 6]
    fill(
        run,
        "varchar(30)",
        [h.replace(" ", "T" if n % 2 else " ") + ("Z" if n == 5 else "") for n, h in enumerate(HOURS)],
    )
    assert window(tmp_path, connector, "timestamp", "2026-11-01T02:00:00+07:00") == ALL
    fill(run, "varchar(30)", ["1/11/2026", "31/10/2026", "9", "x", "", "10"])
    assert {0, 1, 3, 6} <= set(window(tmp_path, connector, "integer", "9")), "numbers kept as text are read in full"


NAMES = ["Mã số", 'a"b', "a`b", "a]b", "a'b", "a\\b", "select", "Ngày %s {0}", "ơ̛ 🌾", "a;--", "A/*"]


@pytest.mark.slow
def test_names__may_hold_anything(tmp_path: Path, server: Server) -> None:
    run, connector = server
    if connector["kind"] == "mariadb":  # whose names are of the basic plane
        names, own = [n for n in NAMES if "🌾" not in n], mariadb_connector._quote
    else:
        names, own = NAMES, quote
    assert len(names) >= 10
    for n, table in enumerate(names):
        fields = ", ".join(f"{own(name)} varchar(9)" for name in names)
        run(f"CREATE TABLE {own(table)} ({fields})")
        run(f"INSERT INTO {own(table)} VALUES ({', '.join(repr(f'{n}-{i}') for i in range(len(names)))})")
        asked = request(tmp_path, connector, {"table": table}, ";".join(f"c{i}={name}" for i, name in enumerate(names) if ";" not in name))  # fmt: skip
        assert connectors.module(connector["kind"]).columns(asked) == names
        (row,) = rows(asked)[0]
        assert row == {name: f"{n}-{i}" for i, name in enumerate(names) if ";" not in name}
        run(f"DROP TABLE {own(table)}")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0;="), min_size=1, max_size=20))
def test_sqlite__reads_a_column_and_table_of_any_name(tmp_path: Path, ioc_home: Path, name: str) -> None:
    name = name.strip()
    if not name or name.lower().startswith("sqlite_"):
        return
    path = tmp_path / "ten.sqlite"
    path.unlink(missing_ok=True)
    with sqlite3.connect(path) as con:
        con.execute(f"CREATE TABLE {quote(name)} ({quote(name)}, moc)")
        con.execute(f"INSERT INTO {quote(name)} VALUES (1, ?)", [name])
    asked = request(tmp_path, {"kind": "sqlite", "path": str(path)}, {"table": name}, f"ma={name};moc", cursor="moc")
    assert rows(replace(asked, since=name))[0] == [{name: "1", "moc": name}]


@pytest.mark.slow
def test_query__only_reads_and_a_wrong_one_is_said_in_the_servers_words(tmp_path: Path, server: Server) -> None:
    run, connector = server
    run("DROP TABLE IF EXISTS gio")
    run("CREATE TABLE gio (ma int)")
    run("INSERT INTO gio VALUES (1)")
    harmful = {
        "postgres": "WITH d AS (DELETE FROM gio RETURNING ma) SELECT ma FROM d",
        "mariadb": "SELECT ma FROM gio; DELETE FROM gio",
        "sqlite": "SELECT ma FROM gio; DELETE FROM gio",
    }
    for query in (harmful[connector["kind"]], "SELECT ma FROM khong_co", "SELECT ma FROM gio WHERE"):
        with pytest.raises(Fault) as caught:
            rows(request(tmp_path, connector, {"query": query}, "ma"))
        assert caught.value.code == "IOC-206", query
    assert rows(request(tmp_path, connector, {"query": "WITH a AS (SELECT ma + 1 AS MA FROM gio)\nSELECT * FROM a;"}, "ma"))[0] == [{"ma": 2 if connector["kind"] == "postgres" else "2"}]  # fmt: skip


@pytest.mark.slow
@pytest.mark.mariadb
def test_mariadb__is_encrypted_when_that_is_required(
    tmp_path: Path, maria: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("R_PASSWORD", made_up_servers.R_PASSWORD)
    made_up_servers.certificate(tmp_path / "other.pem", tmp_path / "other.key")
    _, connector = maria
    cipher = "SELECT variable_value AS ma FROM information_schema.session_status WHERE variable_name = 'Ssl_cipher'"

    def say(query: str = cipher, **how: str) -> str:
        ((row,), _, _) = rows(request(tmp_path, connector | how, {"query": query}, "ma"))
        return str(row["ma"])

    assert say() == ""
    assert say(ssl="required").startswith("TLS_")
    assert say(ssl="verify_ca", ssl_ca=say("SELECT @@ssl_cert AS ma")).startswith("TLS_")
    with pytest.raises(Fault, match="CERTIFICATE_VERIFY_FAILED"):
        say(ssl="verify_ca", ssl_ca=str(tmp_path / "other.pem"))
