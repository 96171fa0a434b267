"""The steward's loop: correct, map, accept, change a rule with a second person; each recorded, replayed, and undone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import made_up_source as made_up
import pytest
import yaml
from made_up_source import ask, declare, pull, row, stored

from ingestion import correction, decision, ledger, quarantine, registry
from ingestion.model import Source
from ingestion.rebuild import rebuild
from quality import baseline, judge
from warehouse import connect
from warehouse.errors import Fault

ID = "so_thu_nghiem"


@pytest.fixture(autouse=True)
def declared(ioc_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`registry.load` finds the made-up source, under whatever was decided about it."""

    def load(path: Path | None = None, *, correct: bool = True) -> registry.Registry:
        source = declare()
        return registry.Registry(
            {ID: correction.applied(source) if correct else source}, {ID: Path("thu/so_thu_nghiem.yml")}
        )

    monkeypatch.setattr(registry, "load", load)


def now() -> Source:
    return registry.load().get(ID)


def open_ids() -> list[str]:
    return [r["quarantine_id"] for r in quarantine.list_rows(ID)]


def decisions(*fields: str) -> list[tuple[Any, ...]]:
    return ask(f"SELECT {', '.join(fields)} FROM ops.decision ORDER BY decided_at")


def test_map__replays_the_rows_that_waited_and_holds_for_those_to_come() -> None:
    pull(now(), [row("A", "mười"), row("B", "mười"), row("C", "hỏng"), row("D", "4")])
    done = decision.correct(ID, "ho_so", "so", wrong="mười", right="10", by="lan", why="viết bằng chữ")
    assert (done.now_pass, done.of_rows) == (2, 3)
    assert stored() == [("A", 10), ("B", 10), ("D", 4)]
    pull(now(), [row("E", " mười ")])
    assert stored()[-1] == ("E", 10) and ledger.unbalanced() == []
    assert decisions("kind", "decided_by", "why", "now_pass", "of_rows") == [("map", "lan", "viết bằng chữ", 2, 3)]


def test_correct__puts_one_row_right_and_no_other() -> None:
    pull(now(), [row("A", "500"), row("B", "500")])
    done = decision.correct(ID, "ho_so", "so", wrong="500", right="50", key={"ma": "A"}, by="lan", why="gõ thừa số 0")
    assert (done.now_pass, done.of_rows) == (1, 2) and stored() == [("A", 50)]
    ((before, after),) = decisions("before_json", "after_json")
    assert json.loads(before) == {"value": "500", "key": {"ma": "A"}} and json.loads(after) == {"value": "50"}


def test_correct__can_take_a_value_away() -> None:
    pull(now(), [row("A", "999")])
    decision.correct(ID, "ho_so", "so", wrong="999", right=None, by="lan", why="mã thiếu của máy")
    assert stored() == [("A", None)]


def test_correct__keeps_the_value_as_it_came_in_the_landing_and_in_quarantine() -> None:
    pull(now(), [row("A", "mười")])
    (name,) = open_ids()
    decision.correct(ID, "ho_so", "so", wrong="mười", right="10", by="lan", why="viết bằng chữ")
    shown = quarantine.show(name)
    assert json.loads(shown["row_json"])["Số lượng"] == "mười" and shown["status"] == "fixed"
    (rebuilt,) = rebuild(now(), holder="test")
    assert stored() == [("A", 10)] and rebuilt.is_equal


def test_correct__of_a_value_that_had_passed_holds_after_a_rebuild() -> None:
    pull(now(), [row("A", "7"), row("B", "8")])
    decision.correct(ID, "ho_so", "so", wrong="7", right="70", key={"ma": "A"}, by="lan", why="thiếu số 0")
    assert stored() == [("A", 7), ("B", 8)]
    rebuild(now(), holder="test")
    assert stored() == [("A", 70), ("B", 8)]


def test_correct__is_written_beside_the_declarations_and_can_be_withdrawn() -> None:
    pull(now(), [row("A", "mười")])
    decision.correct(ID, "ho_so", "so", wrong="mười", right="10", by="lan", why="viết bằng chữ")
    path = connect.home() / "corrections" / f"{ID}.yml"
    (written,) = yaml.safe_load(path.read_text(encoding="utf-8"))["corrections"]
    assert {k: written[k] for k in ("table", "column", "from", "to", "by")} == {
        "table": "ho_so", "column": "so", "from": "mười", "to": "10", "by": "lan",
    }  # fmt: skip
    decision.withdraw_correction(ID, now().tables[0].corrections[0].id, by="mai", why="nguồn đã sửa")
    assert now().tables[0].corrections == []
    with pytest.raises(Fault, match="IOC-311"):
        decision.withdraw_correction(ID, "khong-co", by="mai", why="nguồn đã sửa")


@pytest.mark.parametrize(
    ("table", "column", "key"), [("ho_so", "khong_co", {}), ("khong_co", "so", {}), ("ho_so", "so", {"khong_co": "A"})]
)
def test_correct__of_what_is_not_declared_is_refused_and_nothing_is_written(
    table: str, column: str, key: dict[str, str]
) -> None:
    with pytest.raises(Fault) as caught:
        decision.correct(ID, table, column, wrong="a", right="b", key=key, by="lan", why="thử sai")
    assert caught.value.code == "IOC-103"
    assert not (connect.home() / "corrections" / f"{ID}.yml").exists()


def test_a_broken_file_of_corrections__is_named_and_stops_the_registry() -> None:
    folder = connect.home() / "corrections"
    folder.mkdir()
    (folder / f"{ID}.yml").write_text("corrections:\n- {table: ho_so, colum: so}\n", encoding="utf-8")
    with pytest.raises(Fault) as caught:
        registry.load()
    assert caught.value.code == "IOC-103" and "so_thu_nghiem.yml" in str(caught.value)


# --- the guard ---------------------------------------------------------------------------------------------------------


def guard() -> list[str]:
    """What the baseline rule `correction_needed` says."""
    with connect.writer("test") as con:
        registry.sync(con, registry.load())
    with connect.intake() as con:
        relations = baseline.raw_relations(con)
    (judged,) = judge.ask(connect.intake_path(), relations)
    found = [r for r in judge.in_words(judged).results if r.expectation.name == "correction_needed"]
    assert len(found) == 1 and found[0].outcome in ("PASS", "FAIL")
    return [found[0].observed] if found[0].outcome == "FAIL" else []


@pytest.mark.slow
def test_guard__fails_when_the_row_comes_mended() -> None:
    pull(now(), [row("A", "500")])
    decision.correct(ID, "ho_so", "so", wrong="500", right="50", key={"ma": "A"}, by="lan", why="gõ thừa số 0")
    assert guard() == []
    pull(now(), [row("A", "50", 2)])
    (said,) = guard()
    assert "của lan" in said and "không còn cần, nguồn đã sửa" in said and "500" not in said


@pytest.mark.slow
def test_guard__fails_when_no_row_needs_a_value_for_thirty_days() -> None:
    pull(now(), [row("A", "1")])
    decision.correct(ID, "ho_so", "so", wrong="mười", right="10", by="lan", why="viết bằng chữ")
    assert guard() == []
    file = connect.home() / "corrections" / f"{ID}.yml"
    text = file.read_text(encoding="utf-8")
    on = yaml.safe_load(text)["corrections"][0]["decided_on"]
    file.write_text(text.replace(on, "2026-01-01"), encoding="utf-8")
    (said,) = guard()
    assert "không dòng nào dùng đến" in said


# --- rules, by two persons ---------------------------------------------------------------------------------------------


def test_rule__holds_when_a_second_person_confirmed_it() -> None:
    pull(now(), [row("A", "500"), row("B", "5000")])
    waits = decision.propose_rule(ID, "ho_so", "so", "range", [0, 1000], by="lan", why="máy mới đo đến 1.000")
    assert waits.status == "waiting" and stored() == [], "nothing changes before"
    with pytest.raises(Fault) as caught:
        decision.confirm(waits.decision_id, by="lan")
    assert caught.value.code == "IOC-311" and now().tables[0].column("so").range == (0, 100)
    done = decision.confirm(waits.decision_id, by="mai")
    assert (done.status, done.now_pass, done.of_rows) == ("confirmed", 1, 2)
    assert stored() == [("A", 500)] and now().tables[0].column("so").range == (0, 1000)
    ((before, after, by, second),) = decisions("before_json", "after_json", "decided_by", "confirmed_by")
    assert (json.loads(before), json.loads(after), by, second) == (
        {"range": [0, 100]},
        {"range": [0, 1000]},
        "lan",
        "mai",
    )
    with pytest.raises(Fault):
        decision.confirm(waits.decision_id, by="mai")


def test_rule__that_is_refused_changes_nothing() -> None:
    waits = decision.propose_rule(ID, "ho_so", "so", "required", True, by="lan", why="phải có số lượng")
    assert decision.refuse(waits.decision_id, by="mai").status == "withdrawn"
    assert not now().tables[0].column("so").required
    with pytest.raises(Fault):
        decision.confirm(waits.decision_id, by="mai")


@pytest.mark.parametrize(("rule", "value"), [("type", "text"), ("range", "x"), ("empty_max", 7)])
def test_rule__that_makes_no_declaration_is_refused_at_once(rule: str, value: Any) -> None:
    with pytest.raises(Fault) as caught:
        decision.propose_rule(ID, "ho_so", "so", rule, value, by="lan", why="thử sai xem")
    assert caught.value.code in ("IOC-103", "IOC-312") and ask("SELECT * FROM ops.decision") == []


# --- accept, report, replay --------------------------------------------------------------------------------------------


def test_accept__of_several_rows_is_all_or_nothing() -> None:
    pull(now(), [row("A", "x"), row("B", "y")])
    ids = open_ids()
    with pytest.raises(Fault):
        decision.accept([*ids, "khong-co"], by="lan", why="thiết bị thử")
    assert len(open_ids()) == 2
    decision.accept(ids, by="lan", why="thiết bị thử")
    assert open_ids() == [] and decisions("kind", "subject") == [("accept", "2 dòng")]


def test_report__leaves_rows_open_and_says_who_told_the_owner() -> None:
    pull(now(), [row("A", "x")])
    decision.report(open_ids(), by="lan", why="đã gọi Trung tâm")
    assert len(open_ids()) == 1 and decisions("kind", "decided_by") == [("report", "lan")]


def test_every_decision__needs_a_reason() -> None:
    pull(now(), [row("A", "x")])
    for decide in (
        lambda: decision.accept(open_ids(), by="lan", why=" "),
        lambda: decision.replay(ID, by="lan", why=""),
        lambda: decision.correct(ID, "ho_so", "so", wrong="x", right="1", by="lan", why="?"),
        lambda: decision.false_alarm("raw.so_thu_nghiem__ho_so", "clock", by="lan", why=""),
    ):
        with pytest.raises(Fault):
            decide()
    assert ask("SELECT * FROM ops.decision") == [] and len(open_ids()) == 1


def test_history__gives_the_newest_first() -> None:
    pull(now(), [row("A", "x")])
    decision.replay(ID, by="lan", why="xét lại")
    decision.false_alarm(f"raw.{made_up.declare().id}__ho_so", "clock", by="mai", why="trạm làm đêm")
    found = decision.history(ID)
    assert [(d["kind"], d["decided_by"]) for d in found] == [("false_alarm", "mai"), ("replay", "lan")]
    assert found[1]["of_rows"] == 1 and found[0]["subject"] == "raw.so_thu_nghiem__ho_so:clock"
