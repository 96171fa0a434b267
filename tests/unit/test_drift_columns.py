"""A change of a source's columns is seen, named and, where the declaration says so, stops the source."""

from __future__ import annotations

import pytest
from made_up_source import declare

from ingestion import drift
from ingestion.model import Source
from warehouse.errors import Fault

SOURCE = declare(ignored_columns=[{"name": "ghi_chu", "why": "không dùng"}])
TABLE = SOURCE.tables[0]
ALL = ["ma", "Số lượng", "luc", "ghi_chu"]


def test_drift__is_nothing_when_columns_and_ignored_columns_are_all_there() -> None:
    assert not drift.compare(TABLE, ALL)
    assert not drift.compare(TABLE, ["ma", "Số lượng", "luc"])


def test_drift__names_an_added_column() -> None:
    assert drift.compare(TABLE, [*ALL, "email"]).added == ["email"]


def test_drift__guesses_a_renamed_column() -> None:
    found = drift.compare(TABLE, ["ma", "So luong", "luc"])
    assert (found.removed, found.added, found.renamed) == (["Số lượng"], ["So luong"], {"Số lượng": "So luong"})
    assert "có thể Số lượng đã đổi tên thành So luong" in found.in_words()[0]


def test_drift__names_a_changed_type() -> None:
    found = drift.compare(TABLE, ALL, types_before={"ma": "int64"}, types_now={"ma": "string", "luc": "string"})
    assert found.retyped == {"ma": ("int64", "string")}
    assert "ma đổi kiểu từ int64 sang string" in found.in_words()[0]


def test_drift__stops_a_source_by_default_when_a_column_is_gone_and_not_when_one_came() -> None:
    drift.enforce(SOURCE, TABLE, drift.compare(TABLE, [*ALL, "email"]))
    with pytest.raises(Fault) as caught:
        drift.enforce(SOURCE, TABLE, drift.compare(TABLE, ["ma", "luc"]))
    assert caught.value.code == "IOC-205"
    assert "Số lượng" in caught.value.what_vi


def test_drift__follows_the_declaration_when_it_decides_otherwise() -> None:
    other = Source.model_validate(
        SOURCE.model_dump(by_alias=True) | {"on_drift": {"added": "stop", "removed": "accept"}}
    )
    drift.enforce(other, TABLE, drift.compare(TABLE, ["ma", "luc"]))
    with pytest.raises(Fault):
        drift.enforce(other, TABLE, drift.compare(TABLE, [*ALL, "email"]))
