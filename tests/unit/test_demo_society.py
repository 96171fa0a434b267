"""The made-up files of society and public money: cited sums come out exactly, and each kind of dirt is refused, counted."""

from __future__ import annotations

import csv
import os
import re
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path

import openpyxl
import pytest

from demo import finance, society
from demo.units import communes, split_codes
from ingestion.pull import pull
from warehouse import connect

UNTIL = datetime(2026, 3, 10, 20)
SOURCES = ["catinh_dan_so", "bhxh_the_bhyt", "soyt_y_te", "sonnmt_ho_ngheo", "sonv_bao_tro", "soxd_do_thi", "sotc_dau_tu_cong", "sotc_thu_nsnn"]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("society")
    society.write(made, 38, UNTIL)
    finance.write(made, 38, UNTIL.date())
    for path in filter(Path.is_file, made.rglob("*")):
        os.utime(path, (1_700_000_000, 1_700_000_000))  # a file written a moment ago may still grow, and waits
    return made


def test_people__are_three_point_79_million_in_december_2025(folder: Path) -> None:
    with (folder / "dan_so.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [r for r in csv.DictReader(file, delimiter=";") if r["thang"] == "202512" and r["ma_xa"] != "99999"]
    counted = {r["ma_xa"]: int(r["so_dan"].replace(".", "")) for r in rows}
    assert (len(rows), len(counted), sum(counted.values())) == (167, 166, 3_790_000)


def test_insurance__has_old_codes_beside_every_tenth_commune(folder: Path) -> None:
    new = {c.code for c in communes()}
    with (folder / "bhyt" / "the_bhyt_202512.csv").open(encoding="utf-8", newline="") as file:
        codes = [r["ma_xa"] for r in csv.DictReader(file, delimiter=";") if r["ma_xa"].isdigit()]
    old = [code for code in codes if code not in new]
    tenth = [c for c in communes()[::10] if set(c.old_codes) - new]
    assert len(tenth) > 10 and len(old) == len(tenth) and len(codes) == 166 + len(old)


def test_revenue__is_44067_of_45430_after_nine_months_of_2025_and_54341_in_2024(folder: Path) -> None:
    book = openpyxl.load_workbook(folder / "thu_nsnn.xlsx")
    rows = {(s.title, r[1]): r[2:4] for s in book.worksheets for r in s.iter_rows(values_only=True) if str(r[1]).isdigit()}  # fmt: skip
    assert rows["Năm 2025", "9"] == ("45.430,0", "44.067,0")
    assert round(44_067 / 45_430 * 100, 1) == 97.0
    assert {key: value for key, value in rows.items() if key[0] == "Năm 2024"} == {("Năm 2024", "12"): (None, "54.341,0")}  # fmt: skip
    assert len(rows) == 1 + 12 + 2


def test_investment__falls_once_passes_its_plan_in_one_project_and_begins_anew_in_january() -> None:
    reports = sorted(finance.reports(38, UNTIL.date()), key=lambda row: (row[1], row[0]))
    pairs = [(one, two) for one, two in pairwise(reports) if one[1] == two[1]]
    falls = [(two[1], two[0]) for one, two in pairs if two[3] < one[3] and one[0].year == two[0].year]
    assert falls == [("DA-007", date(2025, 5, 16))]
    assert {code for _, code, plan, paid in reports if paid > plan} == {"DA-011"}
    assert sum(two[3] < one[3] for one, two in pairs if one[0].year < two[0].year) == finance.PROJECTS
    assert sum(code == "DA-003" and on.year == 2026 for on, code, _, _ in reports) == 10 - 5


def test_poverty__has_the_old_communes_in_2024_and_two_small_ones_after(folder: Path) -> None:
    book = openpyxl.load_workbook(folder / "ho_ngheo.xlsx")
    codes = {s.title: [r for r in s.iter_rows(values_only=True) if re.fullmatch(r"\d{5}", str(r[1]))] for s in book.worksheets}  # fmt: skip
    former = {*split_codes(), *(code for c in communes() for code in c.old_codes)}
    assert {r[1] for r in codes["Năm 2024"]} == former and len(former) == 547
    assert sorted(r[4] for r in codes["Năm 2025"])[:2] == [3, 4] and len(codes["Năm 2025"]) == 166 + 1


def test_files__are_the_same_for_the_same_seed() -> None:
    on, now = date(2026, 3, 4), datetime(2026, 4, 30)
    first, again, other = (society.reports(seed, on, now) for seed in (38, 38, 39))
    assert len(first) >= 3 and first == again != other
    assert finance.reports(38, on) == finance.reports(38, on) != finance.reports(39, on)


def test_files__a_later_day_keeps_what_was_reported() -> None:
    early, late = finance.reports(38, date(2026, 1, 20)), finance.reports(38, date(2026, 3, 20))
    assert len(early) > 1000 and set(early) < set(late)


@pytest.mark.slow
def test_contracts__refuse_each_kind_of_dirt(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IOC_HOME", str(tmp_path))
    monkeypatch.setenv("PROVINCE_FILES", str(folder))
    outcomes = pull(["vietnamadminunits_dvhc", *SOURCES], run_id="run", holder="test")
    assert [o.status for o in outcomes] == ["ok"] * 9
    with connect.intake() as con:
        refused = dict(con.execute("SELECT table_name || ' ' || rules[1], count(*) FROM quarantine.row GROUP BY 1").fetchall())  # fmt: skip
        doubled = dict(con.execute("SELECT table_name, rows_deduplicated FROM ops.extract WHERE rows_deduplicated > 0").fetchall())  # fmt: skip
        people = con.execute("SELECT so_dinh_danh FROM raw.sonv_bao_tro__doi_tuong").fetchall()
        strangers = con.execute("SELECT count(*) FROM raw.sonv_bao_tro__chi_tra ANTI JOIN raw.sonv_bao_tro__doi_tuong USING (so_dinh_danh)").fetchone()  # fmt: skip
        bankless = con.execute("SELECT count(*) FROM raw.sonv_bao_tro__chi_tra WHERE ma_hinh_thuc = '2' AND ma_ngan_hang IS NULL").fetchone()  # fmt: skip
        personal = con.execute("SELECT count(*) FROM duckdb_columns() WHERE column_name IN ('ho_ten', 'so_tai_khoan', 'nguoi_gui', 'dien_thoai')").fetchone()  # fmt: skip
    twentieths = sum(n % 20 == 0 for n in range(society.FIRST.toordinal(), UNTIL.toordinal() + 1))  # fmt: skip
    assert refused == {
        "dan_so area:ma_xa": 1, "hssk type:so_ho_so": 3, "kcb_ngay range:luot_ngoai_tru": 1, "kcb_ngay type:ngay": 1, "ho_ngheo pattern:ma_xa": 1,
        "chi_tra pattern:ky_chi_tra": 3, "chi_tra code_list:ma_hinh_thuc": 1, "phan_anh area:ma_xa": twentieths, "phan_anh code_list:linh_vuc": twentieths,
        "nuoc_sach type:so_dan_co_nuoc": 1, "giai_ngan pattern:ma_da": 1, "giai_ngan type:luy_ke_trieu": 1,
    }  # fmt: skip
    assert doubled == {"dan_so": 1, "kcb_ngay": 1, "ho_ngheo": 1, "chi_tra": 2, "giai_ngan": 2}
    assert len(people) > 1000 and all(re.fullmatch(r"[0-9a-f]{32}", h) for (h,) in people)
    assert (strangers, bankless, personal) == ((5,), (2,), (0,))
