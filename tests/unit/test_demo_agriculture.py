"""The made-up files of agriculture: 18,000 ha of cane come out exactly, and each kind of dirt is refused, counted."""

from __future__ import annotations

import csv
import json
import os
from datetime import date
from pathlib import Path

import pytest

from demo import agriculture
from ingestion.pull import pull
from warehouse import connect

UNTIL = date(2026, 3, 10)
SOURCES = ["sonnmt_nncnc", "lasuco_mia", "vinamilk_bo_sua"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("agriculture")
    agriculture.write(made, 38, UNTIL)
    for path in filter(Path.is_file, made.rglob("*")):
        os.utime(path, (1_700_000_000, 1_700_000_000))  # a file written a moment ago may still grow, and waits
    return made


def test_cane__has_18000_hectares_each_season(folder: Path) -> None:
    with (folder / "lasuco" / "lo_mia.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    by_season = {vu: [float(r["ha"].replace(",", ".")) for r in rows if r["vu"] == vu] for vu in agriculture.seasons(UNTIL)}  # fmt: skip
    assert {vu: (len(ha), round(sum(ha), 1)) for vu, ha in by_season.items()} == dict.fromkeys(["2024-2025", "2025-2026"], (300, 18_000.0))  # fmt: skip


@pytest.mark.slow
def test_contracts__refuse_each_kind_of_dirt_and_a_dairy_row_by_the_hour(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setenv("IOC_HOME", str(tmp_path))
    monkeypatch.setenv("PROVINCE_FILES", str(folder))
    outcomes = pull(["vietnamadminunits_dvhc", *SOURCES], run_id="run", holder="test")
    assert [o.status for o in outcomes] == ["ok"] * 4
    with connect.intake() as con:
        refused = dict(con.execute("SELECT table_name || ' ' || rules[1], count(*) FROM quarantine.row GROUP BY 1").fetchall())  # fmt: skip
        doubled = dict(con.execute("SELECT table_name, rows_deduplicated FROM ops.extract WHERE rows_deduplicated > 0").fetchall())  # fmt: skip
        loaded = con.execute("SELECT count(*) FROM raw.sonnmt_nncnc__iot_do").fetchone()
    assert refused == {"iot_do code_list:thong_so": 1, "mia_cb range:muc": 1, "mia_cb type:xu_ly_luc": 1, "sua_ngay pattern:ngay": 1}  # fmt: skip
    assert doubled == {"iot_do": 1}
    assert loaded == (32 * 192 + 96 + 100 + 104 + 1,), "32 whole devices, three that fell silent, the impossible humidity"  # fmt: skip


@pytest.mark.slow
def test_dairy__refuses_parts_of_a_farm_days_that_do_not_exist_and_any_field_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setenv("IOC_HOME", str(tmp_path / "var"))
    monkeypatch.setenv("PROVINCE_FILES", str(tmp_path))
    good = {"maTrai": "VNM-TH1", "maXa": "14797", "ngay": "2026-03-01", "soBo": 9, "soVatSua": 5, "lit": 120.0, "thucAnKg": 90.0}  # fmt: skip

    def sent(rows: list[dict[str, object]]) -> str:
        file = tmp_path / "vinamilk" / "sua_ngay.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(rows), encoding="utf-8")
        os.utime(file, (1_700_000_000 + len(rows), 1_700_000_000 + len(rows)))
        return pull(["vietnamadminunits_dvhc", "vinamilk_bo_sua"], run_id="run", holder="test")[-1].status

    (tmp_path / "var").mkdir()
    assert sent([good, good | {"maTrai": "VNM-TH1/ROBOT-2"}, good | {"ngay": "2026-02-30"}]) == "ok"
    with connect.intake() as con:
        assert con.execute("SELECT rules[1], count(*) FROM quarantine.row GROUP BY 1 ORDER BY 1").fetchall() == [("pattern:ma_trai", 1), ("pattern:ngay", 1)]  # fmt: skip
    assert sent([good | {"maRobot": "R2"}] * 4) == "failed"
    with connect.intake() as con:
        assert con.execute("SELECT count(*) FROM raw.vinamilk_bo_sua__sua_ngay").fetchone() == (1,)
        assert con.execute("SELECT max_by(code, finished_at) FROM ops.pull WHERE source_id = 'vinamilk_bo_sua'").fetchone() == ("IOC-205",)  # fmt: skip
