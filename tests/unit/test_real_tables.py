"""Real tables from elsewhere, loaded by a declaration alone; totals by an independent reading and by hand."""

from __future__ import annotations

import csv
import gzip
import math
import os
from pathlib import Path

import pytest
from made_up_source import ask

from ingestion import registry
from ingestion.extract import extract
from ingestion.load import Loaded, load

OPEN_DATA = os.environ.get("IOC_OPEN_DATA", "")
FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "open_data"
pytestmark = pytest.mark.skipif(not OPEN_DATA, reason="IOC_OPEN_DATA names no folder of downloaded open data")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IOC_HOME", str(tmp_path / "var"))
    return tmp_path


def loaded(source_id: str, path: Path | None = None) -> Loaded:
    (one,) = load(extract(registry.load(path).get(source_id), run_id="run"), holder="test")
    return one


def test_requests__of_a_city_load_by_one_declaration(home: Path) -> None:
    one = loaded("sf_phan_anh", FIXTURES / "sf_phan_anh.yml")
    assert (one.rows_in, one.rows_loaded, one.rows_quarantined, one.rows_deduplicated) == (10_000, 9_998, 2, 0)
    refused = ask("SELECT key_text, rules FROM quarantine.row ORDER BY 1")
    assert refused == [("397948", ["range:quan"]), ("6090725", ["range:quan"])], "two lie in supervisor district -1"
    # PROVENANCE.md: 370 open, 17 closed before created, 4,264 at 0,0
    sql = """SELECT count(*) FILTER (dong_luc IS NULL), count(*) FILTER (dong_luc < tao_luc), count(*) FILTER (vi_do IS NULL),
        count(DISTINCT ma) FROM raw.sf_phan_anh__phan_anh"""
    assert ask(sql) == [(370, 17, 4264, 9_998)]
    with gzip.open(Path(OPEN_DATA) / "requests-311" / "311_service_requests.csv.gz", "rt", encoding="utf-8") as file:
        rows = {row["unique_key"]: row for row in csv.DictReader(file)}
    came = ask(
        "SELECT ma, strftime(timezone('UTC', tao_luc), '%Y-%m-%d %H:%M:%S+00:00'), loai, ket_qua FROM raw.sf_phan_anh__phan_anh"
    )
    assert len(came) == 9_998 and len(rows) == 10_000
    different = [
        ma for ma, created, kind, notes in came
        if (created, kind or "", notes or "") != tuple(rows[ma][n].strip() for n in ("created_date", "complaint_type", "status_notes"))
    ]  # fmt: skip
    assert different == []


def test_papi__of_fourteen_years_loads_by_its_declaration(home: Path) -> None:
    one = loaded("cecodes_papi")
    scores: list[float] = []
    for year in range(2011, 2025):
        with (Path(OPEN_DATA) / "papi" / f"{year}.csv").open(encoding="utf-8-sig", newline="") as file:
            scores += [float(v) for row in csv.DictReader(file) for k, v in row.items() if k != "Province" and v]
    assert one.rows_in == one.rows_loaded + one.rows_quarantined == len(scores) > 20_000
    ((count, total),) = ask("SELECT count(*), sum(diem) FROM raw.cecodes_papi__diem")
    assert count == one.rows_loaded and one.rows_quarantined == 0 and math.isclose(total, sum(scores), rel_tol=1e-12)
    # the first line of 2011.csv, read by eye
    assert ask(
        "SELECT diem FROM raw.cecodes_papi__diem WHERE nam = 2011 AND ma_tinh = 'P01' AND ma_noi_dung = 'SC11'"
    ) == [(1.26411,)]
