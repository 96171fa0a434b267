"""Equal seeds make equal rows on every machine, another seed makes others, and a later day only adds."""

from __future__ import annotations

import re
import sqlite3
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

from demo import dossiers, firms, hazards, stations, workbooks
from demo.calendar import chance

ON, UNTIL, LATER = date(2026, 3, 2), datetime(2026, 3, 10, 12), datetime(2026, 5, 20, 12)
BOOKS = ["ai_du_an.xlsx", "danh_muc_tram.xlsx", "du_toan.xlsx", "nq57_nhiem_vu.xlsx", "tap_huan_ai.xlsx"]


def cells(folder: Path, name: str) -> list[tuple[Any, ...]]:
    return [r for sheet in openpyxl.load_workbook(folder / name).worksheets for r in sheet.iter_rows(values_only=True)]


def written(folder: Path, seed: int, until: date) -> Path:
    workbooks.write(folder, seed, until)
    return folder


def test_chance__depends_on_seed_and_subject_alone() -> None:
    draws = [
        chance(*about).integers(0, 2**62) for about in ((38, "a", ON), (38, "a", ON), (39, "a", ON), (38, "b", ON))
    ]
    assert draws[0] == draws[1]
    assert len(set(draws)) == 3


def test_dossiers__are_the_same_for_the_same_seed() -> None:
    first, again, other = (dossiers.day(seed, ON, UNTIL) for seed in (38, 38, 39))
    assert first.height > 400
    assert first.equals(again)
    assert not first.equals(other)


def test_station_files__are_the_same_for_the_same_seed() -> None:
    assert len(stations.STATIONS) == 12
    for station in stations.STATIONS:
        first, again, other = (stations.lines(seed, station, UNTIL, UNTIL) for seed in (38, 38, 39))
        assert first == again != other, station.code


def test_workbooks__hold_the_same_cells_for_the_same_seed(tmp_path: Path) -> None:
    first, again, other = (written(tmp_path / str(i), s, UNTIL.date()) for i, s in enumerate((38, 38, 39)))
    assert sorted(p.name for p in first.iterdir()) == BOOKS
    for name in BOOKS:
        assert cells(first, name) == cells(again, name), name
    for name in ("nq57_nhiem_vu.xlsx", "ai_du_an.xlsx", "tap_huan_ai.xlsx"):
        assert cells(first, name) != cells(other, name), name


def test_dossiers__a_later_day_changes_only_what_was_open() -> None:
    now, later = dossiers.day(38, ON, UNTIL), dossiers.day(38, ON, LATER)
    done = now.filter(pl.col("ngay_tra").is_not_null())
    assert done.height > 100
    assert now["ma_ho_so"].equals(later["ma_ho_so"])
    assert later.filter(pl.col("ma_ho_so").is_in(done["ma_ho_so"].implode())).equals(done)


def test_dossiers__a_later_day_adds_days() -> None:
    early = dossiers.rows(38, datetime(2026, 3, 4), days=3)
    late = dossiers.rows(38, datetime(2026, 3, 6), days=5)
    assert early.height > 300
    assert set(early["ma_ho_so"]) < set(late["ma_ho_so"])


@pytest.mark.parametrize(
    ("name", "columns"), [("tap_huan_ai.xlsx", 8), ("ai_du_an.xlsx", 6), ("nq57_nhiem_vu.xlsx", 7)]
)
def test_workbooks__a_later_day_keeps_the_codes_and_dates_of_what_was_there(
    tmp_path: Path, name: str, columns: int
) -> None:
    early, late = (
        {
            r[1]: r[1:columns]
            for r in cells(written(tmp_path / str(until.date()), 38, until.date()), name)
            if len(r) >= columns and re.fullmatch(r"(TH|AI|NQ57)-\d+", str(r[1]))  # the log's sheet is narrower
        }
        for until in (UNTIL, LATER)
    )
    assert len(late) > len(early) > 25
    assert {code: late.get(code) for code in early} == early


def test_firms__a_later_day_keeps_every_firm(tmp_path: Path) -> None:
    held = []
    for until in (UNTIL, LATER):
        firms.fill(tmp_path / "kkt.sqlite", 38, until)
        with sqlite3.connect(tmp_path / "kkt.sqlite") as con:
            held.append(
                set(con.execute("SELECT mst, ten, trang_thai, lao_dong, ngay_cap FROM doanh_nghiep").fetchall())
            )
    assert len(held[0]) > 550
    assert held[0] < held[1]


def test_river_levels__are_the_same_for_the_same_seed() -> None:
    hours = [datetime(2026, 3, 2, h) for h in range(24)]
    first, again, other = ([hazards.river_level(s, "Chuối", at) for at in hours] for s in (38, 38, 39))
    assert first == again != other
