"""Personal data never reaches the landing in the clear."""

from __future__ import annotations

import stat
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made_up_source import COLUMNS, declare, land, row

from ingestion import mask
from ingestion.model import Column

pytestmark = pytest.mark.usefixtures("home")
HASHED = Column.model_validate({"name": "cccd", "type": "text", "class": "pii", "protect": "hash"})
YEARED = Column.model_validate({"name": "ngay_sinh", "type": "integer", "class": "pii", "protect": "year"})
PII = {"class": "pii", "type": "text"}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IOC_HOME", str(tmp_path))
    return tmp_path


def test_mask__drops_hashes_or_shortens_before_anything_is_written(home: Path) -> None:
    columns = [
        *COLUMNS,
        {"name": "ho_ten", **PII},
        {"name": "cccd", "protect": "hash", **PII},
        {"name": "ngay_sinh", "protect": "year", **PII},
    ]
    person = {"ho_ten": "Lê Thị Thử", "cccd": "038099000001", "ngay_sinh": "15/03/1985"}
    landed = land(declare(columns=columns), [row("A", "1") | person])
    table = pq.read_table(landed[0].path / "part-00000.parquet")
    assert "ho_ten" not in table.column_names
    assert table["ngay_sinh"].to_pylist() == ["1985"]
    assert len(table["cccd"][0].as_py()) == 32
    everything = b"".join(p.read_bytes() for p in (home / "landing").rglob("*") if p.is_file())
    assert len(everything) > 1000
    assert not any(text.encode() in everything for text in person.values())


def test_mask__hashes_equal_values_equally_and_differently_for_another_purpose() -> None:
    values = pa.array(["038099000001", None, " 038099000001"])
    first, again, other = (mask.protect(HASHED, values, p).to_pylist() for p in ("a", "a", "b"))
    assert first == again
    assert first[0] == first[2] and first[1] is None
    assert first[0] != other[0]


def test_mask__keeps_its_key_for_the_owner_only(home: Path) -> None:
    assert mask.key("mot_cua") == mask.key("mot_cua")
    path = home / "secrets" / "mask_mot_cua"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(path.read_text()) == 64
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_mask__finds_the_year_of_a_date_and_none_where_it_is_ambiguous() -> None:
    texts = pa.array(["15/03/1985", "1985-03-15", "1985", "15031985", "không rõ", None])
    assert mask.protect(YEARED, texts, "x").to_pylist() == ["1985", "1985", "1985", None, None, None]
    assert mask.protect(YEARED, pa.array([date(1985, 3, 15)]), "x").to_pylist() == ["1985"]


def test_mask__refuses_to_let_a_dropped_column_through() -> None:
    dropped = Column.model_validate({"name": "ho_ten", "type": "text", "class": "pii"})
    with pytest.raises(ValueError, match="ho_ten"):
        mask.protect(dropped, pa.array(["Lê"]), "x")
