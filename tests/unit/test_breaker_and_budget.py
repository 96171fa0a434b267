"""A source that refuses or fails is left alone for a while; a server is never asked by more sources than it grants."""

from __future__ import annotations

import os
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import made_up_source as made_up
import pytest
from made_up_source import ask, declare, row

from ingestion import breaker
from ingestion import pull as pulling
from ingestion.load import record_pull
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


def run(how: Any, path: Path = Path("none.yml"), source: Source | None = None, **more: Any) -> Outcome:
    source = source or declare()
    made_up.offered["ho_so"] = [how]
    declared = Registry({source.id: source}, {source.id: path})
    (outcome,) = pull([source.id], run_id="run", holder="test", declared=declared, **more)
    return outcome


def fault(code: str) -> Fault:
    return Fault(code, "máy chủ từ chối.", "the server refuses.")


def failed_before(code: str, times: int, minutes_ago: float, tries: int = 1) -> datetime:
    """Write `times` failures into the ledger, the last so many minutes ago. Returns when that was."""
    last = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    with connect.writer("test") as con:
        for n in range(times):
            record_pull(con, run_id="r", source_id="so_thu_nghiem", started_at=last, status="failed", code=code, reason_vi="hỏng.", tries=tries)  # fmt: skip
            con.execute("UPDATE ops.pull SET finished_at = ? WHERE finished_at > ?", [last - timedelta(minutes=5 * (times - 1 - n)), last])  # fmt: skip
    return last


def shut(now: datetime, path: Path = Path("none.yml"), source: Source | None = None) -> breaker.Open | None:
    with connect.writer("test") as con:
        return breaker.opened(con, source or declare(), path, now)


def test_refused_credentials__are_tried_twice_and_then_not_before_an_hour() -> None:
    outcomes = [run(fault("IOC-202")) for _ in range(5)]
    assert len(made_up.requests) == 2
    assert [(o.status, o.code) for o in outcomes] == [("failed", "IOC-202")] * 5
    assert "Không hỏi lại trước" in outcomes[4].reason_vi and "Không" not in outcomes[1].reason_vi
    assert ask("SELECT tries, count(*) FROM ops.pull GROUP BY 1 ORDER BY 1") == [(0, 3), (1, 2)]
    opened = shut(datetime.now(UTC))
    assert opened is not None
    assert timedelta(minutes=59) < opened.until - datetime.now(UTC) <= timedelta(hours=1)


def test_refused_credentials__are_tried_once_more_after_the_hour_and_wait_again() -> None:
    failed_before("IOC-202", 2, minutes_ago=61)
    run(fault("IOC-202"))
    run(fault("IOC-202"))
    assert len(made_up.requests) == 1


def test_refused_credentials__are_tried_at_once_when_the_secret_or_the_declaration_changed(home: Path) -> None:
    failed_before("IOC-202", 2, minutes_ago=10)
    kind = {"connector": {"kind": "made_up", "password": {"secret": "mat_khau"}}}
    source = Source.model_validate(declare().model_dump(by_alias=True) | kind)
    files = [home / "secrets" / "mat_khau", home / "so_thu_nghiem.yml"]
    files[0].parent.mkdir()
    for file in files:
        file.write_text("x")
        old = time.time() - 3600
        os.utime(file, (old, old))
    assert shut(datetime.now(UTC), files[1], source) is not None
    for file in files:
        os.utime(file)
        assert shut(datetime.now(UTC), files[1], source) is None
        os.utime(file, (old, old))


def test_breaker__never_stops_a_pull_by_hand_and_closes_when_it_goes_well() -> None:
    failed_before("IOC-202", 2, minutes_ago=1)
    assert run([row("A", "1")], by_hand=True).status == "ok"
    assert run([row("B", "1")]).rows_loaded == 1


@pytest.mark.parametrize(("failures", "pause"), [(4, None), (5, 10), (6, 20), (7, 40), (8, 60), (11, 60)])
def test_source_that_is_down__is_asked_after_a_pause_that_doubles_up_to_an_hour(
    failures: int, pause: int | None
) -> None:
    last = failed_before("IOC-201", failures, minutes_ago=1)
    found = shut(datetime.now(UTC))
    assert (found and found.until - last) == (pause and timedelta(minutes=pause))
    assert shut(last + timedelta(minutes=pause or 0, seconds=1)) is None


def test_breaker__counts_only_times_that_the_source_was_asked() -> None:
    failed_before("IOC-201", 4, minutes_ago=1)
    failed_before("IOC-201", 4, minutes_ago=0.5, tries=0)
    assert shut(datetime.now(UTC)) is None


def test_breaker__begins_anew_after_a_good_pull_and_after_another_kind_of_failure() -> None:
    failed_before("IOC-201", 5, minutes_ago=1)
    run([row("A", "1")], by_hand=True)
    assert run(fault("IOC-201")).code == "IOC-201"
    assert run(fault("IOC-205")).code == "IOC-205"
    assert shut(datetime.now(UTC)) is None


def server(port: int = 5432, **more: Any) -> Source:
    kind = {"connector": {"kind": "made_up", "host": "may-chu", "port": port, **more}}
    return Source.model_validate(declare().model_dump(by_alias=True) | kind)


def test_budget__lets_two_sources_of_a_server_in_and_the_third_when_one_leaves() -> None:
    inside = 0
    most = 0
    counting = threading.Lock()

    def work() -> None:
        nonlocal inside, most
        with breaker.within_budget(server(), wait_seconds=20):
            with counting:
                inside += 1
                most = max(most, inside)
            time.sleep(0.1)
            with counting:
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert (most, inside) == (2, 0)


def test_budget__is_of_a_server_and_says_when_it_is_used_up() -> None:
    small = server(connection_budget=2)
    with breaker.within_budget(small, wait_seconds=0):
        with breaker.within_budget(server(5433), wait_seconds=0), breaker.within_budget(declare(), wait_seconds=0):
            pass
        with pytest.raises(Fault) as caught, breaker.within_budget(small, wait_seconds=0):
            pass
    assert (caught.value.code, caught.value.exit_code) == ("IOC-075", 75)
    with breaker.within_budget(small, wait_seconds=0):
        pass
