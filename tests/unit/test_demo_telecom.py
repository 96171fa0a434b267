"""The made-up files of telecom and of Nghi Sơn's projects: cited counts come out exactly, dirt is refused, counted."""

from __future__ import annotations

import os
import sqlite3
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from demo import firms, telecom
from ingestion.pull import pull
from warehouse import connect

UNTIL = date(2026, 3, 10)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("telecom")
    telecom.write(made, 38, UNTIL)
    firms.fill(made / "kkt.sqlite", 38, datetime(2026, 3, 10, 20))
    for path in filter(Path.is_file, made.rglob("*")):
        os.utime(path, (1_700_000_000, 1_700_000_000))  # a file written a moment ago may still grow, and waits
    return made


def test_hamlets__are_1732_of_1850_with_4g_at_the_end_of_2024_and_more_later(folder: Path) -> None:
    rows = [r for r in openpyxl.load_workbook(folder / "vien_thong.xlsx")["Thôn bản"].iter_rows(values_only=True) if str(r[1]).startswith("T0")]  # fmt: skip
    covered = {quarter: (sum(r[5] == "Có" for r in rows if r[3] == quarter), len({r[1] for r in rows if r[3] == quarter})) for quarter in {r[3] for r in rows}}  # fmt: skip
    assert covered["20244"] == (1732, 1850) and 1850 - 1732 == 118
    assert [covered[str(q)][0] for q in (20252, 20253, 20254)] == [1732 + 8 * n for n in (2, 3, 4)]


def test_projects__are_311_and_25_at_the_end_of_2025_with_their_capital_to_the_dong(folder: Path) -> None:
    con = sqlite3.connect(folder / "kkt.sqlite")
    asked = "SELECT loai_von, don_vi, count(*), sum(von_dk), sum(von_th), max(von_th > von_dk), count(DISTINCT mst) FROM du_an JOIN von_du_an USING (ma_da) WHERE quy = '20254' AND ngay_cap <= '2025-12-31' AND coalesce(ngay_cham_dut, '9') > '2025-12-31' GROUP BY 1, 2 ORDER BY 1"
    assert con.execute(asked).fetchall() == [("fdi", "trieu_usd", 25, 12_800, 12_700, 0, 13), ("trong_nuoc", "ty_dong", 311, 170_366, 78_270, 0, 156)]  # fmt: skip
    in_force = "SELECT count(*) FROM du_an WHERE ngay_cap <= '2025-12-31' AND coalesce(ngay_cham_dut, '9') > '2025-12-31' AND loai_von <> 'lien_doanh'"
    assert con.execute(in_force).fetchall() == [(311 + 25,)]


def test_capital__falls_once_and_grows_otherwise(folder: Path) -> None:
    told = "SELECT ma_da, quy, von_th < lag(von_th) OVER (PARTITION BY ma_da ORDER BY quy) AS falls FROM von_du_an WHERE von_th >= 0 AND don_vi <> 'trieu_eur'"
    con = sqlite3.connect(folder / "kkt.sqlite")
    assert con.execute(f"SELECT ma_da, quy FROM ({told}) WHERE falls").fetchall() == [("TRO-005", "20252")]


@pytest.mark.slow
def test_contracts__refuse_each_kind_of_dirt(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IOC_HOME", str(tmp_path))
    monkeypatch.setenv("PROVINCE_FILES", str(folder))
    monkeypatch.setenv("KKTNS_SQLITE", str(folder / "kkt.sqlite"))
    outcomes = pull(["vietnamadminunits_dvhc", "sokhcn_vien_thong", "sokhcn_toc_do", "kktns_doanh_nghiep"], run_id="run", holder="test")  # fmt: skip
    assert [o.status for o in outcomes] == ["ok"] * 4
    with connect.intake() as con:
        refused = dict(con.execute("SELECT table_name || ' ' || rules[1], count(*) FROM quarantine.row GROUP BY 1").fetchall())  # fmt: skip
        doubled = dict(con.execute("SELECT table_name, rows_deduplicated FROM ops.extract WHERE rows_deduplicated > 0").fetchall())  # fmt: skip
        placed = con.execute("SELECT count(*), count(ma_xa_nay), count(DISTINCT ma_xa) FROM raw.sokhcn_vien_thong__vt_thon WHERE quy = '20244'").fetchall()  # fmt: skip
    assert refused == {
        "vt_bts code_list:cong_nghe": 1, "vt_bts required:vi_do": 1, "vt_thon type:co_4g": 1, "vt_thon area:ma_xa": 1, "do_toc_do range:download_mbps": 1, "do_toc_do area:ma_xa": 1,
        "doanh_nghiep check:mst": 3, "du_an code_list:loai_von": 1, "von_du_an code_list:don_vi": 1, "von_du_an range:von_th": 1,
    }  # fmt: skip
    assert doubled == {"vt_thon": 1}
    assert placed == [(1850, 1841, len({telecom.commune_of(i, 20244) for i in range(1850)}))]
