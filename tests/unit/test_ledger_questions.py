"""The ledger answers what came when, what is late and which slots are missing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import made_up_source as made_up
import pytest
from made_up_source import NOW, ask, declare, file_chunk, land, pull, row

from ingestion import ledger, registry
from ingestion.load import load, record_pull
from warehouse import connect

pytestmark = pytest.mark.usefixtures("home")
STATION = {
    "primary_key": ["ma", "luc"],
    "event_time": "luc",
    "slot": "60m",
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IOC_HOME", str(tmp_path))
    return tmp_path


def declare_in_ledger(source_id: str = "so_thu_nghiem", slot: int | None = None) -> None:
    with connect.writer("test") as con:
        con.execute(
            "INSERT INTO ops.source BY NAME SELECT ? AS source_id, 60 AS late_after_minutes, true AS is_enabled",
            [source_id],
        )
        con.execute(
            """INSERT INTO ops.source_table BY NAME SELECT ? AS source_id, 'ho_so' AS table_name, ['ma', 'luc'] AS primary_key,
            'luc' AS event_time, ?::INTEGER AS slot_minutes""",
            [source_id, slot],
        )


def test_status__has_a_line_for_a_source_that_never_came_and_calls_it_late() -> None:
    declare_in_ledger()
    found = ledger.status(NOW)
    assert len(found) == 1
    assert (found[0]["is_late"], found[0]["extracts"], found[0]["quarantined_open"]) == (True, None, 0)


def test_status__gives_the_counts_of_the_last_run_and_the_reason_of_the_last_attempt() -> None:
    declare_in_ledger()
    pull(declare(), [row("A", "1"), row("B", "x")])
    started = datetime.now(UTC)
    with connect.writer("test") as con:
        record_pull(con, run_id="run", source_id="so_thu_nghiem", started_at=started, status="ok")
        record_pull(
            con,
            run_id="run2",
            source_id="so_thu_nghiem",
            started_at=started,
            status="failed",
            code="IOC-201",
            reason_vi="máy chủ tắt",
        )
    found = ledger.status(datetime.now(UTC) + timedelta(minutes=30))[0]
    assert (found["rows_in"], found["rows_loaded"], found["rows_quarantined"], found["quarantined_open"]) == (
        2,
        1,
        1,
        1,
    )
    assert (found["status"], found["code"], found["reason_vi"], found["is_late"]) == (
        "failed",
        "IOC-201",
        "máy chủ tắt",
        False,
    )
    assert ledger.status(datetime.now(UTC) + timedelta(minutes=90))[0]["is_late"] is True


def hourly(hours: list[int], ma: str = "A") -> list[dict]:
    """Readings at these hours before NOW."""
    return [row(ma, "1") | {"luc": NOW - timedelta(hours=h)} for h in hours]


def test_slots__expected_are_one_a_series_and_slot_and_captured_are_counted_once() -> None:
    declare_in_ledger(slot=60)
    twice = row("A", "1") | {"luc": NOW - timedelta(hours=3) + timedelta(minutes=1)}
    pull(declare(**STATION), [*hourly([1, 2, 3, 4]), twice, *hourly([1], "B")])
    assert ledger.status(NOW)[0]["slots"] == [
        {"table_name": "ho_so", "slot_minutes": 60, "expected": 48, "captured": 5}
    ]


def test_gaps__are_between_readings_and_from_the_last_one_to_now() -> None:
    declare_in_ledger(slot=60)
    pull(declare(**STATION), hourly([9, 8, 5, 4, 2]))
    found = ledger.gaps("so_thu_nghiem", now=NOW)
    assert [g["slots_missing"] for g in found] == [2, 1, 1]
    assert found[0]["gap_from"] == NOW - timedelta(hours=8) and found[0]["gap_to"] == NOW - timedelta(hours=5)
    assert found[2]["gap_to"] == NOW


def test_gap__that_the_source_can_still_fill_is_asked_for_at_the_next_pull_and_another_is_lost() -> None:
    keeps, now = declare(**STATION, recapture="6h"), datetime.now(UTC)
    read = [row("A", "1") | {"luc": now - timedelta(hours=h)} for h in (12, 9, 8, 7, 6, 5, 2, 1)]
    with connect.writer("test") as con:
        registry.sync(con, registry.Registry({keeps.id: keeps}, {keeps.id: Path("thu/so_thu_nghiem.yml")}))
    load(land(keeps, read), holder="test")
    assert [(g["slots_missing"], g["is_lost"]) for g in ledger.gaps(keeps.id)] == [(2, True), (2, False)]
    land(keeps, *[])
    asked = datetime.fromisoformat(made_up.requests[-1].since or "")
    assert timedelta(hours=5) <= now - asked < timedelta(hours=6), (
        "from the last reading before the gap, not an hour back"
    )
    load(land(keeps, [row("A", "1") | {"luc": now - timedelta(hours=h)} for h in (4, 3)]), holder="test")
    assert [(g["slots_missing"], g["is_lost"]) for g in ledger.gaps(keeps.id)] == [(2, True)]
    land(keeps, *[])
    assert now - datetime.fromisoformat(made_up.requests[-1].since or "") < timedelta(hours=2), (
        "as long as it lacks nothing"
    )


def test_extracts__are_newest_first_and_all_balance() -> None:
    pull(declare(), [row("A", "1")])
    pull(declare(), [row("B", "x", 2)])
    assert [e["rows_quarantined"] for e in ledger.extracts("so_thu_nghiem")] == [1, 0]
    assert ask("SELECT count(*) FROM ops.extract") == [(2,)]
    assert ledger.unbalanced() == []


def test_extracts__say_what_was_left_out_as_no_data() -> None:
    chunks = [file_chunk(f"{name}.xlsx", [row(name, 1)]) for name in "ab"]
    for chunk in chunks:
        chunk.left_out = {"dòng tổng cộng": 2}
    pull(declare(), *chunks)
    (found,) = ledger.extracts("so_thu_nghiem")
    assert (found["rows_loaded"], found["left_out"]) == (2, '{"dòng tổng cộng": 4}')
