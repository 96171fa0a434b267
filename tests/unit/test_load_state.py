"""Watermarks go forward only; raw tables follow their declaration without losing a value in silence."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import made_up_source as made_up
import pytest
from made_up_source import COLUMNS, ask, declare, pull, row, stored

from warehouse.errors import Fault

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IOC_HOME", str(tmp_path))
    return tmp_path


def watermark() -> list[tuple[str]]:
    return ask("SELECT cursor_value FROM ops.watermark")


def test_watermark__is_the_newest_cursor_and_the_next_pull_starts_a_lag_before_it() -> None:
    source = declare(lag="90m")
    pull(source, [row("A", "1", 3), row("B", "x", 5)])
    assert watermark() == [("2026-11-01T12:00:00+07:00",)]
    pull(source, [row("A", "1", 3)])
    assert made_up.requests[-1].since == "2026-11-01T10:30:00+07:00"


def test_watermark__never_goes_back() -> None:
    pull(declare(), [row("A", "1", 9)])
    pull(declare(), [row("B", "1", 2)], full=True)
    assert made_up.requests[-1].since is None
    assert watermark() == [("2026-11-01T16:00:00+07:00",)]


def test_watermark__does_not_follow_a_cursor_from_the_future() -> None:
    far = {"ma": "B", "Số lượng": "1", "luc": datetime(2099, 1, 1, tzinfo=UTC)}
    pull(declare(), [row("A", "1", 3), far])
    assert watermark() == [("2026-11-01T10:00:00+07:00",)]


def test_watermark__does_not_follow_a_recapture() -> None:
    pull(declare(), [row("A", "1", 3)])
    pull(declare(), [row("B", "1", 20)], since="2026-11-01T19:00:00+00:00", until="2026-11-01T21:00:00+00:00")
    assert watermark() == [("2026-11-01T10:00:00+07:00",)]
    assert stored() == [("A", 1), ("B", 1)]


def test_raw_table__takes_a_new_column_as_null_and_drops_one_that_became_personal_data() -> None:
    named = [*COLUMNS, {"name": "ten", "type": "text"}]
    pull(declare(columns=named), [row("A", "1") | {"ten": "Lê Lợi"}])
    masked = [*COLUMNS, {"name": "ten", "type": "text", "class": "pii"}, {"name": "moi", "type": "double"}]
    loaded = pull(declare(columns=masked), [row("B", "2") | {"ten": "Lê Lai", "moi": 1.5}])
    assert loaded[0].rows_loaded == 1
    assert ask("SELECT ma, moi FROM raw.so_thu_nghiem__ho_so ORDER BY ma") == [("A", None), ("B", 1.5)]
    assert ask("SELECT count(*) FROM duckdb_columns() WHERE schema_name = 'raw' AND column_name = 'ten'") == [(0,)]


def test_raw_table__recognises_unchanged_rows_after_a_column_was_added() -> None:
    pull(declare(), [row("A", "1")])
    wider = declare(columns=[*COLUMNS, {"name": "moi", "type": "double"}])
    loaded = pull(wider, [row("A", "1") | {"moi": None}])
    assert (loaded[0].rows_loaded, loaded[0].rows_deduplicated) == (0, 1)


def test_raw_table__refuses_a_new_type_that_stored_values_do_not_fit() -> None:
    as_text = [{"name": "ma", "type": "text"}, {"name": "so", "from": "Số lượng", "type": "text"}, COLUMNS[2]]
    pull(declare(columns=as_text), [row("A", "một")])
    with pytest.raises(Fault) as caught:
        pull(declare(), [row("B", "2")])
    assert caught.value.code == "IOC-304"
    assert "1 dòng" in caught.value.what_vi
    assert stored() == [("A", "một")]
