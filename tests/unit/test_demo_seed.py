"""What the press reported comes out of the generated things to the last unit."""

from __future__ import annotations

import re
import sqlite3
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from stdnum.vn import mst

from demo import dossiers, firms, workbooks

LATER = date(2026, 3, 10)


def rows(path: Path, code: str) -> list[tuple[Any, ...]]:
    """The data rows of the first sheet: those whose second cell is a code like `code`."""
    sheet = openpyxl.load_workbook(path).worksheets[0]
    return [r for r in sheet.iter_rows(values_only=True) if re.fullmatch(code, str(r[1]))]


def day(cell: object) -> date | None:
    """A date that the office typed as a date or as text."""
    if isinstance(cell, datetime):
        return cell.date()
    return datetime.strptime(str(cell), "%d/%m/%Y").date() if cell else None


def up_to(cell: object, last: date) -> bool:
    found = day(cell)
    return found is not None and found <= last


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("books")
    workbooks.write(folder, 38, LATER)
    return folder


def test_tasks__38_of_91_done_on_2025_07_25(books: Path) -> None:
    tasks = [r for r in rows(books / "nq57_nhiem_vu.xlsx", r"NQ57-\d{3}") if up_to(r[5], date(2025, 7, 25))]
    done = [r for r in tasks if up_to(r[7], date(2025, 7, 25))]
    assert (len(done), len(tasks)) == (38, 91)
    assert all(day(r[5]) < day(r[7]) for r in done)


def test_projects__4_deployed_and_24_in_study_on_2025_08_25(books: Path) -> None:
    last = date(2025, 8, 25)
    projects = [r for r in rows(books / "ai_du_an.xlsx", r"AI-\d\d") if up_to(r[5], last)]
    deployed = [r for r in projects if up_to(r[6], last)]
    assert (len(deployed), len(projects) - len(deployed)) == (4, 24)


def test_trainings__131_specialists_and_51911_attendances_on_2025_08_25(books: Path) -> None:
    classes = [r for r in rows(books / "tap_huan_ai.xlsx", r"TH-\d{4}") if up_to(r[4], date(2025, 8, 25))]
    people = {
        kind: sum(int(r[6].replace(".", "")) for r in classes if r[3] == kind) for kind in ("Chuyên sâu", "Phổ cập")
    }
    assert len(classes) == 5 + 180
    assert people == {"Chuyên sâu": 131, "Phổ cập": 51_911}


def test_workbooks__are_as_offices_make_them(books: Path) -> None:
    book = openpyxl.load_workbook(books / "nq57_nhiem_vu.xlsx")
    sheet = book.worksheets[0]
    given = [r[5] for r in rows(books / "nq57_nhiem_vu.xlsx", r"NQ57-\d{3}")]
    assert {type(cell) for cell in given} == {str, datetime}  # dates as text and as dates
    assert len(sheet.merged_cells.ranges) >= 4 and sheet["F4"].value == "Thời gian"
    assert [r[0].value for r in sheet.iter_rows() if r[0].value in ("I", "II", "III")] == ["I", "II", "III"]
    assert [s.sheet_state for s in book.worksheets] == ["visible", "visible", "hidden"]
    assert "Người lập biểu" in [c.value for c in sheet["B"]]


def test_budget__lines_sum_to_the_total_of_each_year(books: Path) -> None:
    book = openpyxl.load_workbook(books / "du_toan.xlsx")
    found = {}
    for sheet in book.worksheets:
        lines = [r for r in sheet.iter_rows(values_only=True) if re.fullmatch(r"(CTX|DT|DP)-\d\d", str(r[1]))]
        assert len(lines) == 7
        found[sheet.title] = round(sum(float(r[4].replace(".", "").replace(",", ".")) for r in lines), 1)
    assert found == {"Năm 2025": 41_250_000.0, "Năm 2026": 45_830_000.0}


@pytest.fixture(scope="module")
def zone(tmp_path_factory: pytest.TempPathFactory) -> sqlite3.Connection:
    path = tmp_path_factory.mktemp("zone") / "kkt.sqlite"
    firms.fill(path, 38, datetime(2026, 3, 10, 12))
    return sqlite3.connect(path)


def test_firms__165_of_492_active_are_digital_on_2025_09_30(zone: sqlite3.Connection) -> None:
    rows = zone.execute(
        "SELECT mst, mst IN (SELECT mst FROM chuyen_doi_so WHERE ngay <= '2025-09-30') FROM doanh_nghiep "
        "WHERE trang_thai = 'dang_hoat_dong' AND ngay_cap <= '2025-09-30'"
    ).fetchall()
    valid = [digital for code, digital in rows if mst.is_valid(code)]
    assert (sum(valid), len(valid)) == (165, 492)  # 165 / 492 = 33.5 %


def test_firms__three_tax_codes_have_a_wrong_check_digit(zone: sqlite3.Connection) -> None:
    codes = zone.execute("SELECT mst, ten FROM doanh_nghiep").fetchall()
    # 492 active + 60 closed + one each 12 days since: 2025-09-30 → 2026-03-10 is 161 days, 161 // 12 = 13
    assert len(codes) == 492 + 60 + 13 + 3
    broken = sorted(name for code, name in codes if not mst.is_valid(code))
    assert broken == [f"Công ty sai mã số {i}" for i in (1, 2, 3)]


def test_agencies__have_181_distinct_codes_in_the_pattern_of_h56() -> None:
    agencies = dossiers.agencies()
    assert agencies["ma_don_vi"].n_unique() == agencies.height == 15 + 166
    assert all(re.fullmatch(r"000\.\d\d\.\d\d\.H56", code) for code in agencies["ma_don_vi"])
