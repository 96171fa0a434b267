"""Every row of an extract is loaded, quarantined or recognised as a duplicate; nothing twice, nothing lost."""

from __future__ import annotations

from pathlib import Path

import made_up_source as made_up
import pytest
from made_up_source import NOW, ask, declare, land, pull, row, stored

from ingestion.load import load
from warehouse.errors import Fault

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IOC_HOME", str(tmp_path))
    return tmp_path


def counts(loaded: list) -> tuple[int, int, int, int]:
    assert len(loaded) == 1
    one = loaded[0]
    return one.rows_in, one.rows_loaded, one.rows_quarantined, one.rows_deduplicated


def test_load__splits_every_row_into_loaded_quarantined_or_duplicate() -> None:
    loaded = pull(declare(), [row("A", "1", 1), row("B", "mười", 1), row("A", "2", 2), row("C", "7", 1)])
    assert counts(loaded) == (4, 2, 1, 1)
    assert stored() == [("A", 2), ("C", 7)]
    assert ask("SELECT rows_in, rows_loaded, rows_quarantined, rows_deduplicated FROM ops.extract") == [(4, 2, 1, 1)]


def test_load__of_the_same_extract_twice_changes_nothing() -> None:
    landed = land(declare(), [row("A", "1")])
    first = load(landed, holder="test", now=NOW)
    before = stored("*")
    assert len(first) == 1
    assert load(landed, holder="test", now=NOW) == []
    assert stored("*") == before


def test_load__counts_unchanged_rows_of_a_later_pull_as_duplicates() -> None:
    pull(declare(), [row("A", "1"), row("B", "2")])
    assert counts(pull(declare(), [row("A", "1"), row("B", "3", 5)])) == (2, 1, 0, 1)
    assert stored() == [("A", 1), ("B", 3)]


def test_load__keeps_the_newest_cursor_of_a_key_whatever_the_order() -> None:
    assert counts(pull(declare(), [row("A", "9", 9), row("A", "1", 1), row("A", "0", None)])) == (3, 1, 0, 2)
    assert stored() == [("A", 9)]


def test_load__does_not_let_an_older_row_replace_a_newer_one() -> None:
    pull(declare(), [row("A", "9", 9)])
    assert counts(pull(declare(), [row("A", "1", 1)])) == (1, 0, 0, 1)
    assert stored() == [("A", 9)]


def test_load__with_mode_append_keeps_the_first_event_of_a_key() -> None:
    source = declare(mode="append")
    assert counts(pull(source, [row("A", "1"), row("A", "2")])) == (2, 1, 0, 1)
    assert counts(pull(source, [row("A", "3", 5), row("B", "4")])) == (2, 1, 0, 1)
    assert stored() == [("A", 1), ("B", 4)]


def test_load__with_mode_snapshot_deletes_what_is_gone_and_counts_it() -> None:
    source = declare(mode="snapshot", cursor=None)
    pull(source, [row("A", "1"), row("B", "2"), row("C", "3")])
    loaded = pull(source, [row("A", "1"), row("B", "5")])
    assert counts(loaded) == (2, 1, 0, 1)
    assert loaded[0].rows_deleted == 1
    assert stored() == [("A", 1), ("B", 5)]


def test_load__with_mode_snapshot_keeps_the_good_row_while_its_new_version_is_refused() -> None:
    source = declare(mode="snapshot", cursor=None)
    pull(source, [row("A", "1"), row("B", "2")])
    loaded = pull(source, [row("A", "1"), row("B", "hai")])
    assert (counts(loaded), loaded[0].rows_deleted) == ((2, 0, 1, 1), 0)
    assert stored() == [("A", 1), ("B", 2)]


def test_load__with_mode_snapshot_follows_the_source_also_back_in_time() -> None:
    source = declare(mode="snapshot")
    pull(source, [row("A", "9", 9)])
    assert counts(pull(source, [row("A", "1", 1)])) == (1, 1, 0, 0)
    assert stored() == [("A", 1)]


def test_load__takes_up_what_a_killed_run_left_unloaded_first() -> None:
    source = declare()
    left = land(source, [row("A", "1", 1)])
    loaded = pull(source, [row("A", "2", 2)])
    assert loaded[0].extract_id == left[0].extract_id
    assert len(loaded) == 2
    assert stored() == [("A", 2)]


def test_load__of_an_extract_older_than_the_table_is_all_duplicates() -> None:
    source = declare(cursor=None)
    old = land(source, [row("A", "1")])
    aside = old[0].path.rename(old[0].path.with_name(".aside"))
    pull(source, [row("A", "2")])
    aside.rename(old[0].path)
    assert counts(load(old, holder="test", now=NOW)) == (1, 0, 0, 1)
    assert stored() == [("A", 2)]


def test_load__refuses_a_damaged_file_loads_nothing_and_heals_with_the_next_pull() -> None:
    source = declare()
    landed = land(source, [row("A", "1")])
    part = landed[0].path / "part-00000.parquet"
    part.write_bytes(part.read_bytes()[:-1] + b"\0")
    with pytest.raises(Fault) as caught:
        load(landed, holder="test", now=NOW)
    assert caught.value.code == "IOC-302"
    assert ask("SELECT count(*) FROM ops.extract") == [(0,)]
    assert counts(pull(source, [row("A", "1")])) == (1, 1, 0, 0)


def test_load__sets_an_extract_without_a_readable_manifest_aside_and_goes_on() -> None:
    source = declare()
    left = land(source, [row("A", "1")])
    (left[0].path / "manifest.json").write_bytes(b"{")
    assert counts(pull(source, [row("A", "1")])) == (1, 1, 0, 0)
    assert not left[0].path.exists()


def test_load__refuses_an_extract_whose_rows_do_not_add_up() -> None:
    landed = land(declare(), [row("A", "1")])
    short = landed[0].manifest.model_copy(update={"rows": 2})
    (landed[0].path / "manifest.json").write_text(short.model_dump_json())
    with pytest.raises(Fault) as caught:
        load([type(landed[0]).read(landed[0].path)], holder="test", now=NOW)
    assert caught.value.code == "IOC-303"
    assert ask("SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'raw'") == [(0,)]


def test_load__remembers_files_and_a_source_reference_for_each_row() -> None:
    pull(declare(), made_up.file_chunk("a.txt", [row("A", "1"), row("B", "2")]))
    assert ask("SELECT path, size, sha256 FROM ops.file_seen") == [("a.txt", 10, "a")]
    assert stored("ma, _row_number, _source_ref") == [("A", 1, "a.txt:1"), ("B", 2, "a.txt:2")]
    assert land(declare(), made_up.file_chunk("a.txt", [row("A", "1")])) == []
