"""An extract is whole or not there, holds the values as they came, and says how it was made."""

from __future__ import annotations

import hashlib
import unicodedata
from pathlib import Path

import made_up_source as made_up
import pyarrow.parquet as pq
import pytest
from made_up_source import declare, file_chunk, land, pull, row

from ingestion import extract as extraction
from ingestion.extract import Landed
from warehouse.errors import Fault

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IOC_HOME", str(tmp_path))
    return tmp_path


def rows_of(landed: Landed) -> list[dict]:
    return [r for f in landed.manifest.files for r in pq.read_table(landed.path / f.name).to_pylist()]


def test_extract__numbers_rows_through_all_batches_and_keeps_their_values() -> None:
    landed = land(declare(), [row("A", "1.234,5"), row("B", None)], [row("C", " 7 ")])
    assert [(r["_row_number"], r["Số lượng"]) for r in rows_of(landed[0])] == [(1, "1.234,5"), (2, None), (3, " 7 ")]


def test_extract__writes_a_manifest_that_is_enough_to_load_it() -> None:
    source = declare()
    one = land(source, [row("A", "1")])[0]
    again = Landed.read(one.path)
    assert again.manifest == one.manifest
    assert again.source.model_dump() == source.model_dump()
    assert one.manifest.rows == 1 and len(one.manifest.files) == 1
    file = one.manifest.files[0]
    assert hashlib.sha256((one.path / file.name).read_bytes()).hexdigest() == file.sha256
    assert one.manifest.columns["Số lượng"] == "string"


def test_extract__of_nothing_new_leaves_nothing(home: Path) -> None:
    assert land(declare()) == []
    assert list((home / "landing").rglob("*.parquet")) == []
    assert list((home / "landing" / "so_thu_nghiem" / "ho_so").iterdir()) == []


def test_extract__of_an_empty_file_is_remembered_so_that_it_is_not_read_again() -> None:
    empty = file_chunk("rong.txt", [row("A", "1")])
    empty.batch = empty.batch.slice(0, 0)
    empty.refs = None
    assert pull(declare(), empty)[0].rows_in == 0
    assert made_up.ask("SELECT path FROM ops.file_seen") == [("rong.txt",)]


def test_extract__begins_a_new_part_where_the_types_change() -> None:
    one = land(declare(), [row("A", "1")], [row("B", 2)])[0]
    assert [f.rows for f in one.manifest.files] == [1, 1]
    assert pull(declare(), [row("A", "1")], [row("B", 2)], full=True)[-1].rows_in == 2


def test_extract__brings_text_to_nfc() -> None:
    decomposed = unicodedata.normalize("NFD", "Hạc Thành")
    one = land(declare(), [row(decomposed, "1")])[0]
    assert rows_of(one)[0]["ma"] == "Hạc Thành"


def test_extract__lands_only_declared_columns_and_reports_others() -> None:
    one = land(declare(), [row("A", "1") | {"email": "a@b.vn"}])[0]
    assert "email" not in rows_of(one)[0]
    assert one.manifest.drift.added == ["email"]


def test_extract__stops_without_a_trace_when_a_declared_column_is_gone(home: Path) -> None:
    with pytest.raises(Fault) as caught:
        land(declare(), [{"ma": "A", "luc": None}])
    assert caught.value.code == "IOC-205"
    assert list((home / "landing" / "so_thu_nghiem" / "ho_so").iterdir()) == []


def test_extract__removes_what_a_killed_one_left(home: Path) -> None:
    dead = home / "landing" / "so_thu_nghiem" / "ho_so" / ".20260101T000000000000-dead.partial"
    dead.mkdir(parents=True)
    (dead / "part-00000.parquet").write_bytes(b"half")
    land(declare(), [row("A", "1")])
    assert not dead.exists()


def test_extract__reads_a_snapshot_of_files_whole_when_one_of_them_is_new() -> None:
    source = declare(mode="snapshot", cursor=None)
    first, second = file_chunk("1.xlsx", [row("A", "1")]), file_chunk("2.xlsx", [row("B", "2")])
    pull(source, first)
    loaded = pull(source, first, second)
    assert (loaded[0].rows_in, loaded[0].rows_deleted) == (2, 0)
    assert land(source, first, second) == []


def test_extract__refuses_a_second_one_of_the_same_source_at_the_same_time() -> None:
    source = declare()
    with extraction._alone(source), pytest.raises(Fault) as caught:
        land(source, [row("A", "1")])
    assert (caught.value.code, caught.value.exit_code) == ("IOC-075", 75)


def test_extract__syncs_files_and_folders_before_the_extract_appears(monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    real = extraction.os.fsync
    monkeypatch.setattr(
        extraction.os, "fsync", lambda fd: (synced.append(Path(f"/proc/self/fd/{fd}").readlink().name), real(fd))
    )
    one = land(declare(), [row("A", "1")])[0]
    assert synced == ["part-00000.parquet", "manifest.json", f".{one.extract_id}.partial", "ho_so"]
