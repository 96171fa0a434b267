"""Small numbers: hidden, and not to be had by subtraction. Each published table is attacked as a reader would."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from made_up_open import make_open_build, make_open_home

from opendata import publish
from opendata.small import Counted, hide_small
from warehouse import connect

COUNTED = Counted(area="area", group=("month",), counts=("people",), derived=("pct",))
PAIR = Counted(area="area", group=("code", "month"), counts=("part", "whole"), alone="value", applies="code = 'A'")


def hide(rows: str, counted: Counted = COUNTED) -> list[dict[str, Any]]:
    with connect.scratch() as con:
        cursor = con.execute(hide_small(rows, counted) + " ORDER BY ALL")
        names = [c[0] for c in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def table(people: dict[str, int | None]) -> str:
    rows = ", ".join(f"('1', '{area}', {'NULL' if n is None else n}, 1.5)" for area, n in people.items())
    return f"FROM (VALUES {rows}) AS t (month, area, people, pct)"


def recovered(rows: list[dict[str, Any]], count: str = "people") -> set[str]:
    """Areas whose hidden count follows from the province less what is shown, given that it is hidden for being small or as cover."""
    found: set[str] = set()
    months = defaultdict(list)
    for row in rows:
        months[row["month"]].append(row)
    for cells in months.values():
        total = next((r[count] for r in cells if r["area"] == "38"), None)
        hidden = [r["area"] for r in cells if r["is_suppressed"] and r["area"] != "38"]
        if total is None or not hidden:
            continue
        rest = total - sum(r[count] or 0 for r in cells if r["area"] != "38")
        # All small: each lies in 1..4, so the ends of the range tell every cell; a single one is told always.
        if len(hidden) == 1 or rest in (len(hidden), 4 * len(hidden)):
            found |= set(hidden)
    return found


def test_attack__finds_a_cell_that_is_hidden_alone() -> None:
    naive = [
        {"month": "1", "area": "38", "people": 60, "is_suppressed": False},
        {"month": "1", "area": "a", "people": None, "is_suppressed": True},
        {"month": "1", "area": "b", "people": 57, "is_suppressed": False},
    ]
    assert recovered(naive) == {"a"}


@pytest.mark.parametrize(
    "people",
    [
        {"38": 60, "a": 3, "b": 20, "c": 37},
        {"38": 42, "a": 1, "b": 1, "c": 40},
        {"38": 48, "a": 4, "b": 4, "c": 40},
        {"38": 7, "a": 3, "b": 4},
        {"38": 2, "a": 2},
        {"38": 3, "a": 3, "b": 0},
    ],
)
def test_hide_small__leaves_nothing_to_subtract(people: dict[str, int | None]) -> None:
    rows = hide(table(people))
    small = {area for area, n in people.items() if area != "38" and n and n < 5}
    hidden = {r["area"] for r in rows if r["is_suppressed"]}
    assert small and small < hidden, "something is hidden besides: a cover, or the province"
    assert all(r["people"] is None and r["pct"] is None for r in rows if r["is_suppressed"])
    assert recovered(rows) == set()


def test_hide_small__takes_the_smallest_cover_and_shows_the_rest() -> None:
    rows = {r["area"]: r for r in hide(table({"38": 60, "a": 3, "b": 20, "c": 37, "d": 0, "e": None}))}
    assert [a for a, r in rows.items() if r["is_suppressed"]] == ["a", "b"]
    assert (rows["c"]["people"], rows["d"]["people"], rows["38"]["people"]) == (37, 0, 60)


def test_hide_small__hides_nothing_where_nobody_is_few() -> None:
    rows = hide(table({"38": 30, "a": 5, "b": 25, "c": 0}))
    assert not any(r["is_suppressed"] for r in rows) and len(rows) == 4


@pytest.mark.parametrize(
    ("part", "whole", "is_hidden"), [(2, 30, True), (28, 30, True), (3, 3, True), (15, 30, False), (0, 30, False)]
)
def test_hide_small__minds_the_part_the_whole_and_what_is_left(part: int, whole: int, is_hidden: bool) -> None:
    rows = f"FROM (VALUES ('A', '1', '38', '', {part + 60}, {whole + 80}, 9.5), ('A', '1', 'a', '', {part}, {whole}, 1.5), ('A', '1', 'b', '', 60, 80, 75)) AS t (code, month, area, breakdown, part, whole, value)"
    found = {r["area"]: r for r in hide(rows, PAIR)}
    assert found["a"]["is_suppressed"] is is_hidden
    assert (found["a"]["value"], found["a"]["part"], found["a"]["whole"]) == ((None,) * 3 if is_hidden else (1.5, part, whole))  # fmt: skip


def test_hide_small__hides_an_area_in_all_breakdowns_together() -> None:
    """Else the breakdowns that are shown, taken from the whole, would tell the one that is not."""
    rows = """FROM (VALUES ('A', '1', 'a', 'x=1', 2, NULL, 2), ('A', '1', 'a', 'x=2', 50, NULL, 50), ('A', '1', 'a', '', 52, NULL, 52), ('A', '1', 'b', 'x=1', 60, NULL, 60),
        ('A', '1', 'b', '', 60, NULL, 60), ('A', '1', 'c', '', 90, NULL, 90), ('B', '1', 'a', '', 2, NULL, 2)) AS t (code, month, area, breakdown, part, whole, value)"""
    hidden = {(r["code"], r["area"], r["breakdown"]) for r in hide(rows, PAIR) if r["is_suppressed"]}
    assert hidden == {("A", "a", "x=1"), ("A", "a", "x=2"), ("A", "a", ""), ("A", "b", "x=1"), ("A", "b", "")}


def test_files__hold_no_small_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_open_home(tmp_path, monkeypatch)
    told = {d["id"]: d for d in publish.read(publish.current() or "")["datasets"]}
    assert (told["recipients"]["suppressed_rows"], told["observations"]["suppressed_rows"]) == (2, 2)
    files = publish.folder() / "current" / "files"
    with connect.scratch() as con:
        path = connect.literal(str(files / "recipients.parquet"))
        assert con.execute(f"SELECT area_code FROM {path} WHERE is_suppressed AND recipients IS NULL AND share_pct IS NULL ORDER BY 1").fetchall() == [("00001",), ("00002",)]  # fmt: skip
        path = connect.literal(str(files / "observations.parquet"))
        rows = con.execute(f"SELECT indicator_code, area_code, value FROM {path} WHERE is_suppressed ORDER BY 2").fetchall()  # fmt: skip
    assert rows == [("MO01", "00001", None), ("MO01", "00002", None)]
    assert b"0.1," not in (files / "recipients.csv").read_bytes()


def test_a_commune_that_becomes_small__is_hidden_in_the_next_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    make_open_home(tmp_path, monkeypatch)
    make_open_build(recipients="('202603', '38', 44, 1.0), ('202603', '00001', 4, 0.1), ('202603', '00002', 40, 0.4)")
    done = publish.publish()
    assert next(d["suppressed_rows"] for d in done.datasets if d["id"] == "recipients") == 2
