"""A refused row keeps its values and reasons, is refused once, and leaves quarantine when it is mended."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from made_up_source import COLUMNS, NOW, ask, declare, pull, row, stored

from ingestion import ledger, quarantine
from warehouse.errors import Fault

pytestmark = pytest.mark.usefixtures("home")
WIDER = [COLUMNS[0], {**COLUMNS[1], "range": [0, 1000]}, COLUMNS[2]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IOC_HOME", str(tmp_path))
    return tmp_path


def states() -> list[tuple]:
    return ask("SELECT key_text, status FROM quarantine.row ORDER BY quarantine_id")


def test_quarantine__keeps_the_values_as_they_came_and_every_reason() -> None:
    pull(declare(primary_key=["ma", "luc"]), [row("A", "mười", None)])
    shown = quarantine.show(quarantine.list_rows("so_thu_nghiem")[0]["quarantine_id"])
    assert json.loads(shown["row_json"]) == {"ma": "A", "Số lượng": "mười", "luc": None}
    assert shown["rules"] == ["type:so", "key:luc"]
    assert shown["reasons_vi"] == ["cột so: “mười” không phải là số nguyên", "cột luc: khóa trống"]
    assert shown["source_ref"] == "#1"


def test_quarantine__holds_a_row_that_comes_again_unchanged_only_once() -> None:
    pull(declare(), [row("A", "x"), row("A", "x")])
    again = pull(declare(), [row("A", "x")])
    assert (again[0].rows_quarantined, again[0].rows_deduplicated) == (0, 1)
    assert states() == [("A", "open")]


def test_quarantine__supersedes_a_row_when_its_key_comes_good_or_broken_anew() -> None:
    pull(declare(), [row("A", "x"), row("B", "x")])
    pull(declare(), [row("A", "1", 2), row("B", "y", 2)])
    assert states() == [("A", "superseded"), ("B", "superseded"), ("B", "open")]
    assert stored() == [("A", 1)]


def test_quarantine__summarises_open_rows_by_rule() -> None:
    pull(declare(), [row("A", "x"), row("B", "y"), row("C", "500")])
    assert [(s["rule"], s["rows"]) for s in quarantine.summary()] == [("type:so", 2), ("range:so", 1)]


def test_accept__records_who_and_why_and_the_row_is_not_quarantined_again() -> None:
    pull(declare(), [row("A", "x")])
    name = quarantine.list_rows()[0]["quarantine_id"]
    quarantine.accept(name, by="lan", why="thiết bị thử")
    pull(declare(), [row("A", "x")])
    assert states() == [("A", "accepted")]
    assert quarantine.show(name)["resolved_by"] == "lan"
    with pytest.raises(Fault) as caught:
        quarantine.accept(name, by="lan", why="lần hai")
    assert caught.value.code == "IOC-310"


def test_replay__loads_what_passes_the_present_contract_and_the_ledger_still_balances() -> None:
    pull(declare(), [row("A", "500"), row("B", "x"), row("C", "7")])
    assert quarantine.replay(declare(columns=WIDER), by="lan", now=NOW) == (1, 2)
    assert stored() == [("A", 500), ("C", 7)]
    assert states() == [("A", "fixed"), ("B", "open")]
    assert ask("SELECT rows_in, rows_loaded, rows_quarantined FROM ops.extract") == [(3, 2, 1)]
    assert ledger.unbalanced() == []


def test_replay__does_not_overwrite_a_newer_row() -> None:
    pull(declare(), [row("A", "500", 1), row("B", "1", 1)])
    pull(declare(), [row("B", "2", 2)])
    assert quarantine.replay(declare(columns=WIDER), by="lan", now=NOW) == (1, 1)
    assert stored() == [("A", 500), ("B", 2)]
    assert quarantine.replay(declare(columns=WIDER), by="lan", now=NOW) == (0, 0)


def test_replay__leaves_rows_open_whose_extract_is_no_longer_kept(home: Path) -> None:
    pull(declare(), [row("A", "500")])
    for manifest in (home / "landing").rglob("manifest.json"):
        manifest.unlink()
    assert quarantine.replay(declare(columns=WIDER), by="lan", now=NOW) == (0, 1)
    assert states() == [("A", "open")]
