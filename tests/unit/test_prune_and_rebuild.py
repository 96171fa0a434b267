"""The landing is enough to make a raw table again, and shrinks only as the declaration says."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from made_up_source import COLUMNS, EVERY_MODE, NOW, ask, declare, land, pull, row, stored

from ingestion import landing, quarantine
from ingestion.load import load
from ingestion.prune import prune
from ingestion.rebuild import rebuild, rebuild_all
from warehouse import connect
from warehouse.errors import Fault

pytestmark = pytest.mark.usefixtures("home")
KEEP = {"keep": "30d"}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IOC_HOME", str(tmp_path))
    return tmp_path


def age() -> None:
    """Everything landed so far is 40 days old."""
    with connect.writer("test") as con:
        con.execute("UPDATE ops.extract SET extracted_at = extracted_at - INTERVAL 40 DAY")


def on_disk() -> int:
    return len(list(landing.folder("so_thu_nghiem", "ho_so").glob("[!.]*")))


def test_prune__without_a_declared_retention_touches_nothing() -> None:
    pull(declare(), [row("A", "1", 1)])
    pull(declare(), [row("A", "2", 2)])
    age()
    assert prune([declare()], holder="test") == {}
    assert on_disk() == 2


def test_prune__removes_what_is_old_but_never_the_newest_and_the_ledger_says_so() -> None:
    source = declare(retention=KEEP)
    for n in range(3):
        pull(source, [row("A", str(n), n)])
    age()
    assert prune([source], holder="test") == {"so_thu_nghiem.ho_so": 2}
    assert prune([source], holder="test") == {}
    assert on_disk() == 1
    assert ask("SELECT pruned_at IS NOT NULL FROM ops.extract ORDER BY extract_id") == [(True,), (True,), (False,)]


def test_prune__keeps_the_declared_number_of_whole_tables_and_all_that_are_young() -> None:
    source = declare(mode="snapshot", cursor=None, retention=KEEP | {"snapshots": 2})
    for n in range(3):
        pull(source, [row("A", str(n))])
    age()
    pull(source, [row("A", "3")])
    assert prune([source], holder="test") == {"so_thu_nghiem.ho_so": 2}
    assert on_disk() == 2


def test_prune__keeps_an_extract_whose_quarantined_rows_are_still_open() -> None:
    source = declare(retention=KEEP)
    pull(source, [row("A", "x", 1)])
    pull(source, [row("B", "1", 2)])
    age()
    assert prune([source], holder="test") == {}
    assert on_disk() == 2


def test_rebuild__of_a_damaged_table_gives_what_was_loaded() -> None:
    source = declare()
    pull(source, [row("A", "1", 1), row("B", "x", 1), row("C", "3", 1)])
    pull(source, [row("A", "2", 2), row("D", "4", 2)])
    before = stored("*"), ask("SELECT * FROM ops.extract ORDER BY 1"), ask("SELECT * FROM quarantine.row ORDER BY 1")
    assert rebuild(source, holder="test")[0].is_equal
    with connect.writer("test") as con:
        con.execute("DELETE FROM raw.so_thu_nghiem__ho_so WHERE ma <> 'A'")
    (done,) = rebuild(source, holder="test")
    assert (done.extracts, done.rows, done.kept, done.is_equal) == (2, 3, 0, False)
    assert stored() == [("A", 2), ("C", 3), ("D", 4)]
    assert ask("SELECT * EXCLUDE (loaded_at) FROM ops.extract ORDER BY 1") == [(*r[:8], *r[9:]) for r in before[1]]
    assert [r[0] for r in ask("SELECT quarantine_id FROM quarantine.row")] == [r[0] for r in before[2]]
    assert stored("_loaded_at")[0][0] > NOW, "a table that changed is new to the next build"


def test_rebuild__under_a_mended_contract_takes_in_what_now_passes_and_holds_to_decisions() -> None:
    source = declare()
    pull(source, [row("A", "500", 1), row("B", "x", 1)])
    refused = ask("SELECT quarantine_id FROM quarantine.row WHERE key_text = 'B'")[0][0]
    quarantine.accept(refused, by="an", why="sai từ gốc")
    wider = declare(columns=[COLUMNS[0], {"name": "so", "from": "Số lượng", "type": "integer"}, COLUMNS[2]])
    assert not rebuild(wider, holder="test")[0].is_equal
    assert stored() == [("A", 500)]
    assert ask("SELECT key_text, status, resolved_by FROM quarantine.row") == [("B", "accepted", "an")]
    assert ask("SELECT rows_in, rows_loaded, rows_quarantined FROM ops.extract") == [(2, 1, 1)]


@pytest.mark.parametrize(
    ("mode", "cursor", "kept"),
    [("upsert", "luc", 1), ("append", "luc", 2), ("snapshot", None, 0), ("history", None, 2)],
)
def test_rebuild__keeps_rows_of_pruned_extracts_and_says_since_when_it_could(
    mode: str, cursor: str | None, kept: int
) -> None:
    source = declare(mode=mode, cursor=cursor, retention=KEEP)
    pull(source, [row("A", "1", 1), row("B", "1", 1)])
    age()
    pull(source, [row("A", "2", 2), row("C", "2", 2)])
    prune([source], holder="test")
    (done,) = rebuild(source, holder="test")
    left = landing.newest(source, source.tables[0])
    assert left is not None
    assert (on_disk(), done.extracts, done.since) == (1, 1, left.manifest.started_at)
    assert (done.is_equal, done.kept) == (True, kept)


def test_rebuild__changes_nothing_when_an_extract_is_missing() -> None:
    landed = land(declare(), [row("A", "1", 1)])
    load(landed, holder="test", now=NOW)
    shutil.rmtree(landed[0].path)
    with pytest.raises(Fault) as caught:
        rebuild(declare(), holder="test")
    assert caught.value.code == "IOC-305"
    assert stored() == [("A", 1)]


def test_rebuild__refuses_a_table_that_is_not_declared() -> None:
    with pytest.raises(Fault) as caught:
        rebuild(declare(), "hồ sơ", holder="test")
    assert caught.value.exit_code == 2


def test_rebuild_all__makes_the_whole_raw_layer_again_and_one_broken_source_stops_no_other() -> None:
    names = ("so_mot", "so_hai", "so_ba")
    one, two, never = (declare(name) for name in names)
    pull(one, [row("A", "1"), row("B", "x")])
    pull(two, [row("C", "3")])
    count = "SELECT (SELECT count(*) FROM raw.so_mot__ho_so), (SELECT count(*) FROM raw.so_hai__ho_so)"
    with connect.writer("test") as con:
        con.execute("DELETE FROM raw.so_mot__ho_so; DELETE FROM raw.so_hai__ho_so")
    done = rebuild_all([one, two, never], holder="test")
    assert [(r.source_id, r.table, r.rows, r.is_equal) for r in done] == [
        ("so_mot", "ho_so", 1, False),
        ("so_hai", "ho_so", 1, False),
    ]
    with connect.writer("test") as con:
        con.execute("DELETE FROM raw.so_hai__ho_so")
    shutil.rmtree(next(landing.folder("so_mot", "ho_so").glob("[!.]*")))
    with pytest.raises(Fault) as caught:
        rebuild_all([one, two], holder="test")
    assert (caught.value.code, ask(count)) == ("IOC-305", [(1, 1)])


@pytest.mark.parametrize("table", EVERY_MODE.values(), ids=EVERY_MODE)
def test_landing__alone_brings_a_lost_warehouse_back(table: dict[str, Any], home: Path) -> None:
    source = declare(**table)
    pull(source, [row("A", "1", 1), row("B", "x", 1), row("C", "3", 1)])
    pull(source, [row("A", "2", 2), row("D", "4", 2)])
    lost = "SELECT * EXCLUDE (_loaded_at) FROM raw.so_thu_nghiem__ho_so ORDER BY ALL"
    books = "SELECT extract_id, rows_in, rows_loaded, rows_quarantined, rows_deleted FROM ops.extract ORDER BY 1"
    before = [ask(sql) for sql in (lost, books, "SELECT quarantine_id, status FROM quarantine.row")]
    assert [len(found) for found in before] == [len(before[0]), 2, 1] and len(before[0]) >= 2
    (home / "intake.duckdb").unlink()
    (home / "intake.duckdb.wal").unlink(missing_ok=True)
    pull(source)
    assert [ask(sql) for sql in (lost, books, "SELECT quarantine_id, status FROM quarantine.row")] == before
