"""The made-up files of governance and science: what is published comes out exactly, and each kind of dirt is refused, counted."""

from __future__ import annotations

import csv
import os
import re
import sqlite3
from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from stdnum.vn import mst

from demo import governance, petitions, workbooks
from ingestion.pull import pull
from warehouse import connect

UNTIL = datetime(2026, 3, 10, 20)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("governance")
    governance.write(made, 38, UNTIL)
    workbooks.write(made, 38, UNTIL.date())
    for path in filter(Path.is_file, made.rglob("*")):
        os.utime(path, (1_700_000_000, 1_700_000_000))  # a file written a moment ago may still grow, and waits
    return made


def sheet(path: Path, name: str, code: str) -> list[tuple[Any, ...]]:
    """Rows whose second cell is a code like `code`."""
    rows = openpyxl.load_workbook(path)[name].iter_rows(values_only=True)
    return [r for r in rows if re.fullmatch(code, str(r[1]))]


def day(cell: object) -> date:
    return cell.date() if isinstance(cell, datetime) else datetime.strptime(str(cell), "%d/%m/%Y").date()


def test_log__has_91_tasks_38_done_and_53_begun_on_2025_07_25(folder: Path) -> None:
    state: dict[str, tuple[date, str]] = {}
    for _, code, on, _, new, _ in sheet(folder / "nq57_nhiem_vu.xlsx", "Nhật ký", r"NQ57-\d{3}"):
        if on != "31/02/2025" and new != "đang t/h" and day(on) <= date(2025, 7, 25):
            state[code] = max(state.get(code, (date.min, "")), (day(on), new))
    assert Counter(new for _, new in state.values()) == {"hoan_thanh": 38, "dang": 53}


def test_log__has_the_registers_day_of_every_task_that_is_done(folder: Path) -> None:
    book = folder / "nq57_nhiem_vu.xlsx"
    register = {r[1]: day(r[7]) for r in sheet(book, "Nhiệm vụ", r"NQ57-\d{3}") if r[7]}
    log = {r[1]: day(r[2]) for r in sheet(book, "Nhật ký", r"NQ57-\d{3}") if r[4] == "hoan_thanh"}
    assert len(register) > 60 and log == register


def test_problems__are_20_and_six_have_a_solver_by_the_articles_day(folder: Path) -> None:
    path = folder / "bai_toan_lon.xlsx"
    assert len(sheet(path, "Bài toán", r"BT-\d\d")) == 20
    rows = [
        r for r in sheet(path, "Doanh nghiệp", r"BT-\d\d") if mst.is_valid(r[2]) and r[3] in ("chu_tri", "phoi_hop")
    ]
    assert len({r[1] for r in rows if day(r[4]) <= date(2025, 8, 25)}) == 6


def test_science_firms__are_31_at_the_end_of_2025(folder: Path) -> None:
    rows = sheet(folder / "dn_khcn.xlsx", "DN KHCN", r"\d{10}")
    last = date(2025, 12, 31)
    assert (
        len({r[1] for r in rows if mst.is_valid(r[1]) and day(r[4]) <= last and not (r[5] and day(r[5]) <= last)}) == 31
    )


def test_trainings__131_different_people_in_140_specialist_attendances(folder: Path) -> None:
    with sqlite3.connect(folder / "cbccvc.sqlite") as con:
        counted = con.execute(
            "SELECT count(*), count(DISTINCT so_dinh_danh) FROM hoc_vien WHERE loai = 'chuyen_sau' AND ngay <= '2025-08-25'"
        ).fetchone()
    assert counted == (140, 131)


def test_published__figures_have_a_source_and_thanh_hoa_is_fifth_in_dti_2024(folder: Path) -> None:
    with (folder / "cong_bo.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 16 and all(r["nguon"] and (r["gia_tri"] or r["hang"]) for r in rows)
    ours = {(r["ma_chi_tieu"], r["nam"]): r["hang"] or r["gia_tri"] for r in rows if r["pham_vi"] == "Thanh Hóa"}
    assert ours == {
        ("DX01", "2024"): "5",
        ("KH05", "2025"): "31",
        ("PAPI", "2021"): "3",
        ("DT04", "2024"): "12,16",
        ("DT04_9T", "2025"): "8,19",
        ("GRDP", "2025"): "357760",
    }


def test_petitions__are_wrong_once_each_way_on_a_twentieth_day() -> None:
    wrong, right = (petitions.day(38, on, datetime(2026, 4, 30)) for on in (date(2026, 3, 5), date(2026, 3, 4)))
    assert (date(2026, 3, 5).toordinal() % 20, len(wrong) >= 4) == (0, True)
    for broken in (lambda r: r[1] == "99999", lambda r: r[6] and r[6] < r[4], lambda r: r[7] == "tạm được"):
        assert (sum(map(bool, map(broken, wrong))), sum(map(bool, map(broken, right)))) == (1, 0)
    shown = [text for *_, text in petitions.publications(38, date(2026, 3, 10))]
    assert len(shown) == 80 and shown.count("KPH") == 3  # July 2025 to February 2026, each 25th


@pytest.mark.slow
def test_contracts__refuse_each_kind_of_dirt(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IOC_HOME", str(tmp_path))
    monkeypatch.setenv("PROVINCE_FILES", str(folder))
    ours = ["vptu_nq57", "sokhcn_bai_toan", "ioc_ai", "sonv_cbccvc", "sokhcn_quy", "kbnn_chi_khcn", "vpubnd_cong_bo"]
    outcomes = pull(ours, run_id="run", holder="test")
    assert [o.status for o in outcomes] == ["ok"] * 7
    with connect.intake() as con:
        refused = dict(
            con.execute("SELECT table_name || ' ' || rules[1], count(*) FROM quarantine.row GROUP BY 1").fetchall()
        )
        doubled = dict(
            con.execute("SELECT table_name, rows_deduplicated FROM ops.extract WHERE rows_deduplicated > 0").fetchall()
        )
        n_notes = con.execute("SELECT rows_in FROM ops.extract WHERE table_name = 'ai_phan_tich'").fetchall()[0][0]
        held = con.execute("SELECT so_dinh_danh FROM raw.sonv_cbccvc__cbccvc").fetchall()
        # a space behind a number changes no hash: only the 25 who are on no register are strangers
        strangers = con.execute(
            "SELECT count(DISTINCT so_dinh_danh) FROM raw.sonv_cbccvc__hoc_vien ANTI JOIN raw.sonv_cbccvc__cbccvc USING (so_dinh_danh)"
        ).fetchone()
        names = con.execute("SELECT count(*) FROM duckdb_columns() WHERE column_name IN ('ho_ten', 'nguoi')").fetchall()
    assert n_notes > 900 and refused == {
        "nhat_ky code_list:trang_thai_moi": 1, "nhat_ky type:ngay": 1, "bai_toan_dn check:mst_dn": 2, "bai_toan_dn code_list:vai_tro": 1,
        "ai_phan_tich range:do_tin_cay": n_notes // 250, "hoc_vien key:so_dinh_danh": 1, "hoc_vien code_list:loai": 2, "quy_khcn pattern:ky": 1,
        "dn_khcn check:mst": 1, "chi_luy_ke type:chi_luy_ke_trieu": 1,
    }  # fmt: skip
    assert doubled == {"nhat_ky": 1, "bai_toan_dn": 1, "dn_khcn": 1, "hoc_vien": 2, "chi_luy_ke": 1}
    assert len(held) == 3000 and all(re.fullmatch(r"[0-9a-f]{32}", h) for (h,) in held) and names == [(0,)]
    assert strangers == (25,)
