"""The storm's workbook and archive hold what was published and exactly the dirt that they say."""

from __future__ import annotations

import sqlite3
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from demo import environment, hazards, resources, storm
from demo.units import communes

UNTIL = date(2026, 11, 20)
NOW = {c.code for c in communes()}


def rows(path: Path, sheet: str, column: int) -> list[tuple[Any, ...]]:
    """Rows below the header that have a cell in `column`."""
    found = openpyxl.load_workbook(path, read_only=True)[sheet].iter_rows(min_row=6, values_only=True)
    return [r for r in found if len(r) > column and r[column] is not None]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("storm")
    storm.archive(folder, 38)
    storm.book(folder / "thien_tai.xlsx", 38, UNTIL)
    environment.book(folder / "moi_truong.xlsx", 38, UNTIL)
    resources.fill(folder / "tai_nguyen.sqlite", 38, UNTIL)
    return folder


def test_receipts__have_each_kind_of_dirt_as_often_as_the_list_says(folder: Path) -> None:
    found = [r for r in rows(folder / "thien_tai.xlsx", "Xã nhận", 0) if r[1]]
    assert len(found) == 5 * storm.NOTIFIED + 2 == 202
    assert sum(r[1] not in NOW for r in found) == storm.DIRT["receipt of an old commune code"]
    assert len(found) - len(set(found)) == storm.DIRT["receipt twice"]
    assert sum(r[3] is None for r in found) == storm.DIRT["receipt without a time"]
    early = [
        r for r in found if r[0] == "21" and r[3] and datetime.strptime(r[3], "%H:%M %d/%m/%Y") < storm.ORDERS[0][4]
    ]
    assert len(early) == storm.DIRT["receipt before its order"]


def test_damage__has_two_reports_a_commune_and_its_dirt(folder: Path) -> None:
    found = [r for r in rows(folder / "thien_tai.xlsx", "Thiệt hại", 1) if r[4] in ("nhanh", "cuoi", "bo_sung")]
    # Kajiki 60 quick and 57 final (each twentieth commune never sends it), two small events 15 and 14, three lines of dirt
    assert len(found) == 60 + 57 + 2 * (15 + 14) + 3
    assert sum(r[2] == "99999" for r in found) == storm.DIRT["damage of an unknown commune"]
    assert sum(r[7] < 0 for r in found) == storm.DIRT["damage of a negative number of houses"]
    assert len(found) - len(set(found)) == storm.DIRT["damage twice"]


def test_archive__has_a_gauge_at_minus_99_and_one_line_twice(folder: Path) -> None:
    rain = (folder / "ho_so_lu_mua.csv").read_text(encoding="utf-8-sig").splitlines()
    assert (
        len(rain) == 1 + 96 * 20 + 1 and sum(line.endswith("-99,0") for line in rain) == storm.DIRT["rain gauge at -99"]
    )
    levels = (folder / "ho_so_lu_muc_nuoc.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(levels) - len(set(levels)) == 1 and levels[-1].startswith("Người lập")


def test_rain_feed__repeats_one_hour_and_fails_in_another_each_day() -> None:
    day = hazards.rains(38, datetime(2026, 3, 10), datetime(2026, 3, 10, 23))
    assert len(day) == 24 * 20 + 1
    assert [(r["id"], r["t"][:5]) for r in day if r["d"] < 0] == [("TM_02", "03:00")]
    assert sum(a == b for a, b in pairwise(day)) == 1


def test_samples__are_not_detected_only_under_the_limit(folder: Path) -> None:
    found = [r for r in rows(folder / "moi_truong.xlsx", "Mẫu nước mặt", 6) if r[6]]
    # 11 campaigns until November 2026, 12 points, 8 parameters; one line twice, one that is no number
    assert len([r for r in found if str(r[1]).startswith("NM-")]) == 11 * 12 * 8 + 2
    assert sum(r[6] == "âm tính" for r in found) == 1
    hidden = [r for r in found if r[6] == "KPH"]
    assert 0 < len(hidden) < 100 and {r[5] for r in hidden} <= {"TP", "TN", "BOD5", "DO", "COD", "TSS"}


def test_registers__have_exactly_their_dirt(folder: Path) -> None:
    with sqlite3.connect(folder / "tai_nguyen.sqlite") as con:
        parcels = con.execute("SELECT * FROM thua_dat").fetchall()
        totals = con.execute("SELECT so_gp, thang, luy_ke_m3 FROM sl_mo ORDER BY 1, 2").fetchall()
    assert len(parcels) == 166 * resources.PARCELS + 3 + 1 + 1
    assert sum(p[1] not in NOW for p in parcels) == 3 and sum(p[4] < 0 for p in parcels) == 1
    assert len(parcels) - len(set(parcels)) == 1
    pairs = [(a, b) for a, b in pairwise(totals) if a[0] == b[0] and b[2] < a[2]]
    assert len([b for _, b in pairs if b[1].endswith("01")]) == resources.MINES
    assert [b[:2] for _, b in pairs if not b[1].endswith("01")] == [("GP-KS-04", "202604")]


def test_storm__is_the_same_for_the_same_seed(folder: Path, tmp_path: Path) -> None:
    storm.archive(tmp_path, 38)
    names = sorted(p.name for p in tmp_path.iterdir())
    assert len(names) == 3
    assert all((tmp_path / n).read_bytes() == (folder / n).read_bytes() for n in names)
