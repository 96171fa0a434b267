"""Every source that is asked for gets an outcome, in the ledger too, and none stops another."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import made_up_source as made_up
import pytest
from made_up_source import ask, declare, row

from ingestion import pull as pulling
from ingestion.model import Source
from ingestion.pull import Outcome, pull
from ingestion.registry import Registry
from warehouse import connect
from warehouse.errors import Fault

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IOC_HOME", str(tmp_path))
    monkeypatch.setattr(pulling, "PAUSE_SECONDS", (0.0, 0.01))
    made_up.offered.clear()
    made_up.requests.clear()
    return tmp_path


def fault(code: str) -> Fault:
    return Fault(code, "máy chủ không trả lời", "the server does not answer", fix="./ioc doctor")


def declared(*sources: Source) -> Registry:
    return Registry({s.id: s for s in sources}, {s.id: Path(f"{s.id}.yml") for s in sources})


def named(source_id: str, table: str) -> Source:
    """A source of its own, whose rows are offered under its own table name."""
    return declare(source_id, name=table)


def run(*sources: Source, **how: object) -> list[Outcome]:
    ids = [s.id for s in sources]
    return pull(ids, run_id="run", holder="test", declared=declared(*sources), **how)  # type: ignore[arg-type]


def test_pull__goes_on_when_one_source_is_down_and_records_every_outcome() -> None:
    good, down, strange = named("so_tot", "a"), named("so_hong", "b"), named("so_la", "c")
    made_up.offered.update(a=[[row("A", "1")]], b=[fault("IOC-201")], c=[RuntimeError("lạ")])
    outcomes = run(good, down, strange)
    assert [(o.source_id, o.status, o.code) for o in outcomes] == [
        ("so_tot", "ok", None),
        ("so_hong", "failed", "IOC-201"),
        ("so_la", "failed", "IOC-200"),
    ]
    assert (outcomes[0].rows_in, outcomes[0].rows_loaded) == (1, 1)
    recorded = ask("SELECT source_id, status, code, reason_vi, rows_in FROM ops.pull ORDER BY source_id")
    assert recorded[0] == ("so_hong", "failed", "IOC-201", "máy chủ không trả lời", 0)
    assert [r[:2] for r in recorded[1:]] == [("so_la", "failed"), ("so_tot", "ok")]


@pytest.mark.parametrize(
    ("code", "tries"), [("IOC-201", 2), ("IOC-203", 2), ("IOC-204", 2), ("IOC-202", 1), ("IOC-205", 1)]
)
def test_pull__tries_again_once_where_it_may_help_and_never_refused_credentials(code: str, tries: int) -> None:
    made_up.offered["ho_so"] = [fault(code)]
    outcomes = run(declare())
    assert (outcomes[0].status, len(made_up.requests)) == ("failed", tries)


def test_pull__skips_a_source_whose_variable_is_not_set_and_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IOC_THU_NGHIEM", raising=False)
    source = declare().model_copy(update={"requires": "IOC_THU_NGHIEM"})
    outcome = run(source)[0]
    assert (outcome.status, outcome.fix) == ("skipped", "export IOC_THU_NGHIEM=…")
    assert "IOC_THU_NGHIEM" in ask("SELECT reason_vi FROM ops.pull")[0][0]
    assert made_up.requests == []


def test_pull__of_nothing_new_is_ok() -> None:
    made_up.offered["ho_so"] = []
    outcome = run(declare())[0]
    assert (outcome.status, outcome.rows_in, outcome.loaded) == ("ok", 0, [])
    assert ask("SELECT status FROM ops.pull") == [("ok",)]


def test_pull__refuses_an_unknown_source_and_names_the_nearest() -> None:
    with pytest.raises(Fault) as caught:
        pull(["so_thu_ngiem"], run_id="run", holder="test", declared=declared(declare()))
    assert caught.value.exit_code == 2
    assert "so_thu_nghiem" in caught.value.what_vi


def test_pull__loads_what_a_killed_run_left_even_when_nothing_is_new() -> None:
    made_up.land(declare(), [row("A", "1")])
    made_up.offered["ho_so"] = []
    assert run(declare())[0].rows_loaded == 1
    assert made_up.stored() == [("A", 1)]


def test_pull__loads_what_has_landed_while_another_source_is_still_read() -> None:
    seen: list[list[tuple[object, ...]]] = []

    def slow() -> Iterator[list[dict[str, object]]]:
        until = time.monotonic() + 20
        while not (seen and seen[-1]) and time.monotonic() < until:
            seen.append(ask("SELECT source_id, status FROM ops.pull"))
            time.sleep(0.01)
        yield [row("B", "2")]

    made_up.offered.update(a=[[row("A", "1")]], b=slow())  # type: ignore[arg-type]
    assert [o.rows_loaded for o in run(named("so_nhanh", "a"), named("so_cham", "b"))] == [1, 1]
    assert seen[-1] == [("so_nhanh", "ok")]


def test_pull__of_sources_that_land_together_opens_the_intake_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulling, "LINGER_SECONDS", 10)
    opened: list[str] = []
    connect_to = duckdb.connect
    monkeypatch.setattr(duckdb, "connect", lambda *path, **how: opened.extend(path) or connect_to(*path, **how))
    made_up.offered.update({f"t{n}": [[row("A", str(n))]] for n in range(8)})
    outcomes = run(*(named(f"so_{n}", f"t{n}") for n in range(8)))
    assert [o.rows_loaded for o in outcomes] == [1] * 8
    assert opened.count(str(connect.intake_path())) == 2


def test_pull__tells_its_progress_in_vietnamese() -> None:
    told: list[str] = []
    made_up.offered["ho_so"] = [[row("A", "1")]]
    run(declare(), progress=told.append)
    assert told == ["so_thu_nghiem: 1 dòng vào, 1 dòng nạp"]
