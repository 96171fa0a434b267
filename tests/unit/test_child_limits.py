"""What a hostile file can do to us: nothing but be refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingestion.connectors import _child
from warehouse.errors import Fault

#: Each file is read by a process of its own.
pytestmark = pytest.mark.slow

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def _parsers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{HERE.parent.parent}:{HERE}")
    monkeypatch.setenv("IOC_CHILD_CPU_SECONDS", "30")


def test_parse__streams_batches_of_changing_columns_with_their_places(tmp_path: Path) -> None:
    came = list(_child.parse("hostile_parsers:two_shapes", tmp_path / "a.xls", {"other": "khác"}))
    assert [b.to_pydict() for b, _ in came] == [{"so": ["0", "1", "2"]}, {"so": ["3", "4", "5"]}, {"khác": ["x"]}]
    assert came[1][1] == ["a.xls:3", "a.xls:4", "a.xls:5"]


@pytest.mark.parametrize(
    ("parser", "said"),
    [
        ("refuses", "tệp có macro"),
        ("eats_memory", "bộ nhớ"),
        ("loops", "đọc quá"),
        ("crashes", "dừng đột ngột"),
        ("writes", "File too large"),
    ],
)
def test_parse__turns_a_hostile_file_into_one_refusal_that_names_it(
    tmp_path: Path, parser: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if parser == "loops":
        monkeypatch.setenv("IOC_CHILD_CPU_SECONDS", "1")
    with pytest.raises(Fault) as refusal:
        list(_child.parse(f"hostile_parsers:{parser}", tmp_path / "độc.xls", {}))
    assert refusal.value.code == "IOC-206" and "độc.xls" in refusal.value.what_vi and said in refusal.value.what_vi


def test_parse__left_half_way_leaves_no_child(tmp_path: Path) -> None:
    stream = _child.parse("hostile_parsers:two_shapes", tmp_path / "a.xls", {"other": "b"})
    next(stream)
    stream.close()
