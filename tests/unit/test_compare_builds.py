"""`ioc build diff` for people: a line an indicator, the largest change first, both periods where they differ."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from made_up_build import change_build, let_pass, make_build, make_home

from ops import cli, compare, say
from warehouse import publish


def change(code: str, area: str, before: float | None, after: float | None, breakdown: str = "") -> dict[str, Any]:
    return {"indicator_code": code, "area_code": area, "breakdown": breakdown, "period_kind": "month", "before": before,
            "before_period": "202509", "after": after, "after_period": "202510"}  # fmt: skip


def test_indicators__come_with_the_largest_change_first_and_what_only_came_or_went_last() -> None:
    seen = compare.by_indicator([
        change("AA01", "38", 100, 110), change("AA01", "00001", 10, 15),  # 50 %
        change("BB01", "00002", None, 7), change("BB01", "00003", 4, None),
        change("CC01", "38", 2, 6), change("CC01", "38", 0, 0.5, "phan=a"),  # from nothing to half: beyond every share
        change("DD01", "38", 8, 8.8),  # 10 %
    ])  # fmt: skip
    assert [one["code"] for one in seen] == ["CC01", "AA01", "DD01", "BB01"]
    first, second, _, last = seen
    assert (first["province"]["after"], first["largest"]["breakdown"]) == (6, "phan=a")
    assert (second["province"]["after"], second["largest"]["area_code"]) == (110, "00001")
    assert (last["changed"], last["appeared"], last["gone"], last["province"]) == (0, 1, 1, None)


def test_tables__come_by_rows_that_came_or_went() -> None:
    rows = [("a", 10, 12), ("b", 1000, 400), ("c", None, 50)]
    seen = compare.by_rows([{"relation": name, "before": old, "after": new} for name, old, new in rows])
    assert [one["relation"] for one in seen] == ["b", "c", "a"]


def test_diff__says_titles_places_and_both_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(say, "manner", say.Manner())
    first = make_home(tmp_path, monkeypatch)
    let_pass(first)
    publish.publish(first)
    second = make_build()
    change_build("UPDATE mart.ind_gv_done SET value = 50 WHERE area_code IN ('38', '00001')")
    let_pass(second)
    publish.publish(second)
    assert cli.main(["build", "diff", first, second]) == 0
    out = capsys.readouterr().out
    assert "2 giá trị của 1 chỉ tiêu" in out and "Nhiệm vụ hoàn thành" in out
    assert "41,76 → 50 (20250725)" in out and "Thanh Hóa: 41,76 → 50" in out
