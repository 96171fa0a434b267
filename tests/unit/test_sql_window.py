"""Which rows an SQL source is asked for: the cursor's window, names with anything in them, queries; on real servers."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import made_up_servers
import pytest
from made_up_request import request, rows

#: Seven rows: six an hour apart in +07 around midnight (row 3 is half a microsecond's step past an hour), one without.
HOURS = ["2026-10-31 22:00:00", "2026-10-31 23:00:00", "2026-11-01 00:00:00", "2026-11-01 01:00:00.000001", "2026-11-01 02:00:00", "2026-11-01 03:00:00"]  # fmt: skip
Server = tuple[Callable[[str], Any], dict[str, Any]]


@pytest.fixture(scope="module")
def pg(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with made_up_servers.postgres(tmp_path_factory.mktemp("pg")) as (server, connector):
        yield server.psql, connector


@pytest.fixture(scope="module")
def maria(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with made_up_servers.mariadb(tmp_path_factory.mktemp("maria"), "--default-time-zone=+00:00") as (con, connector):
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


def table(run: Callable[[str], Any], kind: str, values: list[str], name: str = "gio") -> None:
    run(f"DROP TABLE IF EXISTS {name}")
    run(f"CREATE TABLE {name} (ma int, moc {kind} NULL)")
    for n, value in enumerate([*(f"'{v}'" for v in values), "NULL"]):
        run(f"INSERT INTO {name} VALUES ({n}, {value})")


def window(tmp_path: Path, connector: dict[str, Any], kind: str, since: str | None, until: str | None, **read: str) -> list[int]:  # fmt: skip
    """The `ma` of the rows that come for a window; the cursor `moc` is declared as `kind`."""
    asked = request(tmp_path, connector, read or {"table": "gio"}, "ma;moc", cursor="moc")
    declared = asked.table.columns[1].model_copy(update={"type": kind})
    body = asked.table.model_copy(update={"columns": [asked.table.columns[0], declared]})
    found, _, _ = rows(replace(asked, table=body, since=since, until=until))
    return sorted(int(row["ma"]) for row in found)


CLOCKS = {"postgres": ("timestamptz", "timestamp"), "mariadb": ("timestamp(6)", "datetime(6)"), "sqlite": ("TEXT",)}


@pytest.mark.slow
def test_a_window__is_the_same_moment_whatever_the_server_keeps(tmp_path: Path, server: Server) -> None:
    run, connector = server
    asked = {"since": "2026-11-01T00:00:00+07:00", "until": "2026-11-01T02:00:00+07:00"}
    for kind in CLOCKS[connector["kind"]]:
        has_zone = kind in ("timestamptz", "timestamp(6)")
        suffix = {"timestamptz": "+07"}.get(kind, "")
        # MariaDB's TIMESTAMP is written in the session's zone, which is UTC here: the same clock seven hours on.
        hours = HOURS if kind != "timestamp(6)" else [f"{h[:8]}{_shifted(h)}" for h in HOURS]
        table(run, kind, [h + suffix for h in hours])
        exact = [2, 3, 4] if connector["kind"] != "sqlite" else [0, 1, 2, 3, 4, 5, 6]
        for query in ({}, {"query": "SELECT * FROM gio -- tất cả"}):
            assert window(tmp_path, connector, "timestamp", **asked, **query) == exact, (kind, has_zone)
        since = window(tmp_path, connector, "timestamp", "2026-11-01T01:00:00.000001+07:00", None)
        assert since == ([3, 4, 5, 6] if connector["kind"] != "sqlite" else [0, 1, 2, 3, 4, 5, 6])
        assert window(tmp_path, connector, "timestamp", "2026-10-31T18:00:00.000001Z", None) == since


def _shifted(moment: str) -> str:
    """Day and time of a clock in +07 as UTC has them; the month of all rows but the first is kept by hand."""
    raise NotImplementedError
