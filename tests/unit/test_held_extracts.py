"""What is not safe to load waits in sight until somebody decides; what brings nothing new is not kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import made_up_source as made_up
import pytest
from made_up_source import COLUMNS, ask, declare, row, stored

from ingestion import landing, ledger, registry
from ingestion import pull as pulling
from ingestion.model import Source
from ingestion.pull import Outcome, pull
from ingestion.registry import Registry
from ops import cli
from warehouse.errors import Fault

pytestmark = pytest.mark.usefixtures("home")
TEN = [row(f"R{i}", str(i)) for i in range(10)]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IOC_HOME", str(tmp_path))
    monkeypatch.setattr(pulling, "PAUSE_SECONDS", (0.0, 0.01))
    made_up.requests.clear()
    return tmp_path


def run(source: Source, *batches: Any, **how: Any) -> Outcome:
    made_up.offered.clear()
    made_up.offered[source.tables[0].name] = batches
    declared = Registry({source.id: source}, {source.id: Path("none.yml")})
    (outcome,) = pull([source.id], run_id="run", holder="test", declared=declared, **how)
    return outcome


def snapshot(**table: Any) -> Source:
    return declare(mode="snapshot", cursor=None, **table)


def drifting(policy: str, **kinds: str) -> Source:
    one = declare()
    return Source.model_validate(
        one.model_dump(by_alias=True) | {"on_drift": dict.fromkeys(kinds or ["added"], policy)}
    )


def extracts() -> int:
    return len(list(landing.folder("so_thu_nghiem", "ho_so").glob("[!.]*")))


@pytest.mark.parametrize("few", [TEN[:1], []])
def test_snapshot__that_shrinks_beyond_its_bounds_deletes_nothing_and_says_so(few: list) -> None:
    run(snapshot(), TEN)
    outcome = run(snapshot(), *([few] if few else []))
    assert (outcome.status, outcome.code) == ("failed", "IOC-207")
    assert f"chỉ có {len(few)} dòng, lần trước 10" in outcome.reason_vi
    assert len(stored()) == 10
    assert ask("SELECT code FROM ops.pull WHERE status = 'failed'") == [("IOC-207",)]


def test_what_waits__is_listed_with_since_when_why_and_the_command_that_decides(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = snapshot()
    monkeypatch.setattr(registry, "load", lambda: Registry({source.id: source}, {source.id: Path("none.yml")}))
    run(source, TEN)
    assert ledger.waiting([source]) == []
    run(source, TEN[:1])
    (one,) = ledger.waiting([source])
    assert (one["table_name"], one["code"], one["rows"]) == ("ho_so", "IOC-207", 1)
    assert datetime.now(UTC) - one["since"] < timedelta(minutes=5)
    assert "./ioc source pull so_thu_nghiem --accept-drift" in one["fix"]
    for command in (["status"], ["source", "show", "so_thu_nghiem"]):
        assert cli.main(command) == 0
        said = capsys.readouterr().out
        assert "IOC-207" in said and "chỉ có 1 dòng, lần trước 10" in said and "--accept-drift" in said
    run(source, TEN[:1], accept_held=True)
    assert ledger.waiting([source]) == []


def test_snapshot__that_is_well_again_is_loaded_and_the_held_one_forgotten() -> None:
    run(snapshot(), TEN)
    run(snapshot(), TEN[:1])
    assert run(snapshot(), TEN[:1]).code == "IOC-207"
    assert extracts() == 2, "the same rows are not kept twice"
    assert run(snapshot(), TEN[:9]).status == "ok"
    assert (len(stored()), extracts()) == (9, 2)


@pytest.mark.parametrize("few", [TEN[:1], []])
def test_snapshot__that_is_accepted_deletes(few: list) -> None:
    run(snapshot(), TEN)
    offered = [few] if few else []
    run(snapshot(), *offered)
    assert run(snapshot(), *offered, accept_held=True).status == "ok"
    assert len(stored()) == len(few)


def test_snapshot__below_its_declared_minimum_is_held() -> None:
    few = snapshot(volume={"min": 8, "max_change": 100})
    run(few, TEN)
    assert run(few, TEN[:7]).code == "IOC-207"


def test_snapshot__asked_for_a_window_of_time_deletes_nothing() -> None:
    run(snapshot(), TEN)
    assert run(snapshot(), TEN[:1], since="2026-11-01", until="2026-11-02").status == "ok"
    assert len(stored()) == 10


def test_snapshot_with_a_cursor__is_asked_for_the_whole_table_each_time() -> None:
    one = declare(mode="snapshot")
    run(one, TEN)
    run(one, TEN)
    assert [r.since for r in made_up.requests] == [None, None]


def test_unchanged_rows__in_whatever_order_make_no_extract_and_the_pull_is_good() -> None:
    run(snapshot(), TEN)
    outcome = run(snapshot(), TEN[5:], TEN[:5])
    assert (outcome.status, outcome.rows_in, extracts()) == ("ok", 0, 1)
    assert ask("SELECT status, rows_in FROM ops.pull ORDER BY finished_at") == [("ok", 10), ("ok", 0)]
    assert run(snapshot(), [*TEN[:9], row("R9", "8")]).rows_loaded == 1
    assert run(snapshot(), TEN, full=True).rows_in == 10


def test_unchanged_rows__are_judged_again_while_one_of_them_waits_for_its_day() -> None:
    source = snapshot(event_time="luc")
    tomorrow = row("A", "1") | {"luc": datetime.now(UTC) + timedelta(days=3)}
    assert [run(source, [tomorrow]).rows_in for _ in range(2)] == [1, 1]
    assert ask("SELECT rules, status FROM quarantine.row") == [(["future:luc"], "open")]


def test_drift__that_is_to_be_quarantined_is_landed_and_waits_with_its_reason() -> None:
    source = drifting("quarantine")
    outcome = run(source, [row("A", "1") | {"email": "a@b.vn"}])
    assert (outcome.status, outcome.code) == ("failed", "IOC-205")
    assert "email" in outcome.reason_vi and "giữ lại" in outcome.reason_vi and "--accept-drift" in outcome.fix
    assert (extracts(), ask("SELECT count(*) FROM ops.extract")) == (1, [(0,)])
    assert run(source, accept_held=True).rows_loaded == 1
    assert stored() == [("A", 1)]


def test_drift__is_loaded_from_the_landing_when_the_declaration_is_mended() -> None:
    run(drifting("quarantine"), [row("A", "1") | {"email": "a@b.vn"}])
    ignoring = declare(ignored_columns=[{"name": "email", "why": "không dùng"}])
    mended = Source.model_validate(ignoring.model_dump(by_alias=True) | {"on_drift": {"added": "quarantine"}})
    assert run(mended).rows_loaded == 1
    assert stored() == [("A", 1)]


def test_held_extract__without_a_column_that_is_declared_now_is_read_again_and_not_loaded_half() -> None:
    with_mail = [row("A", "1") | {"email": "a@b.vn"}]
    run(drifting("quarantine"), with_mail)
    wider = declare(columns=[*COLUMNS, {"name": "email", "type": "text"}])
    assert run(wider, with_mail).rows_loaded == 1
    assert stored("ma, email") == [("A", "a@b.vn")]


@pytest.mark.parametrize(("policy", "status", "rows"), [("accept", "ok", 2), ("quarantine", "failed", 1), ("stop", "failed", 1)])  # fmt: skip
def test_drift_of_a_type__follows_its_policy(policy: str, status: str, rows: int) -> None:
    source = drifting(policy, retyped="")
    run(source, [row("A", "1")])
    assert run(source, [row("B", 2, 1)]).status == status
    assert len(stored()) == rows


def test_one_table_that_drifts__does_not_keep_the_others_from_loading() -> None:
    one = declare()
    both = one.model_copy(update={"tables": [one.tables[0], one.tables[0].model_copy(update={"name": "khac"})]})
    made_up.offered["khac"] = [[row("K", "1")]]
    declared = Registry({both.id: both}, {both.id: Path("none.yml")})
    made_up.offered.update(ho_so=[[{"ma": "A"}]], khac=[[row("K", "1")]])
    (outcome,) = pull([both.id], run_id="run", holder="test", declared=declared)
    assert (outcome.status, outcome.code, outcome.rows_loaded) == ("failed", "IOC-205", 1)


def test_held_extract__of_a_first_try_is_known_to_the_second() -> None:
    one = snapshot()
    run(one, TEN)
    both = one.model_copy(update={"tables": [one.tables[0], one.tables[0].model_copy(update={"name": "khac"})]})
    broken = iter([Fault("IOC-204", "nguồn đổi", "the source changed")])
    made_up.offered.update(ho_so=[TEN[:1]], khac=broken)  # type: ignore[arg-type]
    declared = Registry({both.id: both}, {both.id: Path("none.yml")})
    (outcome,) = pull([both.id], run_id="run", holder="test", declared=declared)
    assert (outcome.tries, outcome.code, len(stored())) == (2, "IOC-207", 10)


def test_columns__in_another_order_or_case_are_the_same_columns() -> None:
    outcome = run(declare(), [{"LUC": None, "số lượng": "1", "Ma": "A"}])
    assert (outcome.status, stored()) == ("ok", [("A", 1)])


def test_columns__of_which_a_declared_one_is_there_twice_are_refused() -> None:
    outcome = run(declare(), [{"MA": "A", "Ma": "B", "Số lượng": "1", "luc": None}])
    assert (outcome.status, outcome.code) == ("failed", "IOC-206")
    assert "2 cột cùng tên “ma”" in outcome.reason_vi
