"""The made-up files of energy: old codes until June 2025, and each kind of dirt is refused, counted."""

from __future__ import annotations

import csv
import os
from datetime import date
from pathlib import Path

import pytest

from demo import energy
from demo.units import communes, split_codes
from ingestion.pull import pull
from warehouse import connect

UNTIL = date(2026, 3, 10)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("energy")
    energy.write(made, 38, UNTIL)
    for path in filter(Path.is_file, made.rglob("*")):
        os.utime(path, (1_700_000_000, 1_700_000_000))  # a file written a moment ago may still grow, and waits
    return made


def codes(folder: Path, month: int) -> set[str]:
    with next((folder / "dien").glob(f"dien_tt*_{month}.csv")).open(encoding="utf-8-sig", newline="") as file:
        return {r["ma_xa"] for r in csv.DictReader(file, delimiter=";") if r["ma_xa"].isdigit()}


def test_electricity__has_old_codes_until_june_2025_and_new_ones_after(folder: Path) -> None:
    old = {code for c in communes() for code in c.old_codes} | set(split_codes())
    assert codes(folder, 202506) == old and (len(old), len(split_codes())) == (547, 10)
    assert codes(folder, 202507) == {c.code for c in communes()}


def test_electricity__is_the_same_for_the_same_seed() -> None:
    assert energy.sold(38, 202507) == energy.sold(38, 202507) != energy.sold(39, 202507)


@pytest.mark.slow
def test_contracts__refuse_each_kind_of_dirt(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IOC_HOME", str(tmp_path))
    monkeypatch.setenv("PROVINCE_FILES", str(folder))
    outcomes = pull(["vietnamadminunits_dvhc", "pcthanhhoa_dien", "soct_nang_luong"], run_id="run", holder="test")
    assert [o.status for o in outcomes] == ["ok"] * 3
    with connect.intake() as con:
        refused = dict(con.execute("SELECT table_name || ' ' || rules[1], count(*) FROM quarantine.row GROUP BY 1").fetchall())  # fmt: skip
        doubled = dict(con.execute("SELECT table_name, rows_deduplicated FROM ops.extract WHERE rows_deduplicated > 0").fetchall())  # fmt: skip
        loaded = con.execute("SELECT count(*) FROM raw.pcthanhhoa_dien__dien_tt_cu").fetchone()
    assert refused == {
        "dien_tt area:ma_xa": 1, "dien_tt range:kwh": 1, "dien_tt code_list:nhom_kh": 1,
        "nlm_t pattern:ma": 1, "san_luong type:kwh": 1, "kiem_toan check:mst": 1,
    }  # fmt: skip
    assert doubled == {"dien_tt": 1, "den_duong": 1}
    assert loaded == (6 * 547 * 4,)
