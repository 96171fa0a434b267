"""Indicators of telecom and of Nghi Sơn's projects against numbers counted by hand from rows written by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import hand_made
import pytest
from hand_made import ask, put

from warehouse import build, connect, trace

pytestmark = [pytest.mark.slow]
VN = timezone(timedelta(hours=7))
A, B, SPLIT = "14797", "14758", "15328"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    patch = pytest.MonkeyPatch()
    home = tmp_path_factory.mktemp("telecom")
    patch.setenv("IOC_HOME", str(home))
    hand_made.prepare(home, patch)
    seen = [("T1", A, "20253", True), ("T2", A, "20253", False), ("T3", B, "20253", True), ("T1", A, "20252", False), ("T3", None, "20252", True), ("T9", None, "20252", True)]  # fmt: skip
    put("sokhcn_vien_thong__vt_thon", [(code, area or SPLIT, quarter, date(2025, 9, 30), has, False, True, True, area, None if area else SPLIT) for code, area, quarter, has in seen])  # fmt: skip
    stations = [("S1", "5G", A, date(2025, 3, 31)), ("S2", "5G", A, date(2025, 4, 1)), ("S3", "5G", B, date(2025, 7, 1)), ("S4", "4G", B, date(2020, 1, 1))]  # fmt: skip
    put("sokhcn_vien_thong__vt_bts", [(code, "VNPT", kind, area, 19.8, 105.7, on) for code, kind, area, on in stations])
    put("sokhcn_vien_thong__vt_ho", [(A, "20253", 100, 60), (B, "20253", 50, 51), ("14812", "20253", 300, 100)])
    tests = [(A, mbps) for mbps in (10, 20, 30, 40, 100)] + [(B, mbps) for mbps in (1, 2, 3, 4)]
    put("sokhcn_toc_do__do_toc_do", [(f"{i}", datetime(2025, 9, 3, 8, tzinfo=VN), area, "VNPT", float(mbps), 5.0) for i, (area, mbps) in enumerate(tests)])  # fmt: skip
    put("kktns_doanh_nghiep__doanh_nghiep", [("2800000001", "Công ty A", "KCN 1", "dang_hoat_dong", date(2020, 1, 1), 9, date(2020, 1, 1), None)])  # fmt: skip
    projects = [("D1", "2800000001", "trong_nuoc", date(2020, 1, 1), None), ("D2", "2800000001", "trong_nuoc", date(2025, 7, 1), None),
        ("F1", None, "fdi", date(2020, 1, 1), None), ("D3", None, "trong_nuoc", date(2020, 1, 1), date(2025, 6, 30))]  # fmt: skip
    put("kktns_doanh_nghiep__du_an", [(code, "dự án", *row) for code, *row in projects])
    put("kktns_doanh_nghiep__von_du_an", [
        ("D1", "20251", "ty_dong", 100.0, 45.0), ("D3", "20251", "ty_dong", 900.0, 1.0), ("D1", "20253", "ty_dong", 100.0, 40.0), ("D2", "20253", "ty_dong", 300.0, 60.0),
        ("D3", "20253", "ty_dong", 900.0, 1.0), ("F1", "20253", "trieu_usd", 50.0, 45.0), ("X9", "20253", "ty_dong", 500.0, 400.0)])  # fmt: skip
    build.build(run_id="telecom")
    yield home
    patch.undo()


def values(code: str, period: str, breakdown: str = "") -> dict[str, tuple[float, float | None, float]]:
    rows = ask(f"SELECT area_code, numerator, denominator, value FROM mart.obs_indicator WHERE indicator_code = '{code}' AND period_key = '{period}' AND breakdown = '{breakdown}'")  # fmt: skip
    return {str(area): (n, d, v) for area, n, d, v in rows}  # type: ignore[misc]


def test_hamlets__with_4g_of_all(built: Path) -> None:
    assert values("HT01", "20253") == {"38": (2, 3, pytest.approx(66.6667, abs=1e-4)), A: (1, 2, 50), B: (1, 1, 100)}


def test_hamlets__of_a_split_commune_stand_where_the_next_quarter_has_them(built: Path) -> None:
    """Before July T3 and T9 were in a commune that was split: T3 is in B later, nobody says where T9 went."""
    assert values("HT01", "20252") == {"38": (2, 3, pytest.approx(66.6667, abs=1e-4)), A: (0, 1, 0), B: (1, 1, 100)}


def test_5g__counts_stations_and_communes_on_the_quarters_last_day(built: Path) -> None:
    assert [values("HT03", q)["38"][0] for q in ("20251", "20252", "20253")] == [1, 2, 3]
    assert [values("HT02", q)["38"][:2] for q in ("20251", "20252", "20253")] == [(1, 166), (1, 166), (2, 166)]


def test_fibre__leaves_out_a_commune_with_more_lines_than_homes(built: Path) -> None:
    assert values("HT04", "20253")["38"] == (160, 400, 40) and B not in values("HT04", "20253")


def test_speed__of_the_province_is_the_median_of_all_tests_not_of_communes(built: Path) -> None:
    """1 2 3 4 10 20 30 40 100: the middle is 10. B has four tests and is not shown."""
    assert values("HT05", "202509") == {"38": (10, 1, 10), A: (30, 1, 30)}


def test_projects__are_not_firms(built: Path) -> None:
    """Firm A has two projects: two projects, one firm. D3 ended on the quarter's last day."""
    assert [values("CN02", q)["38"][0] for q in ("20251", "20252", "20253")] == [3, 2, 3]
    assert values("CN02", "20253", "von=fdi")["38"][0] == 1 and values("CN02", "20253", "von=trong_nuoc")["38"][0] == 2
    assert ask("SELECT count(*), count(DISTINCT tax_code) FROM mart.fct_zone_project WHERE tax_code IS NOT NULL") == [(2, 1)]  # fmt: skip
    assert values("CN01", "20253") == {"38": (0, 1, 0)}
    assert ask("SELECT not_comparable_with FROM catalog.indicator WHERE indicator_code = 'CN02'") == [(["CN01"],)]


def test_capital__in_dollars_is_never_added_to_dong(built: Path) -> None:
    assert values("CN03", "20253") == {"38": (100, 400, 25)}
    assert values("CN03", "20253", "tien=usd") == {"38": (45, 50, 90)}


def test_capital__of_a_quarter_is_that_of_projects_then_in_force(built: Path) -> None:
    """D3 was in force until June, X9 is in no register. Of quarters without a report nothing is said. D1 fell from 45 to 40."""
    assert values("CN03", "20251") == {"38": (46, 1000, pytest.approx(4.6))} and values("CN03", "20252") == {}
    assert ask("SELECT project_code, quarter_key FROM mart.fct_zone_capital_quarter WHERE is_falling") == [("D1", "20253")]  # fmt: skip


def test_evidence__counts_every_observation_again(built: Path) -> None:
    with connect.served(connect.build_path()) as con:
        seen = trace._dicts(con, "SELECT * FROM mart.obs_indicator WHERE indicator_code LIKE 'HT%' OR indicator_code LIKE 'CN%'")
        declared = dict(con.execute("SELECT indicator_code, evidence_json FROM catalog.indicator").fetchall())
        counted = [trace._evidence(con, json.loads(declared[one["indicator_code"]]), one)["counted"] for one in seen]
    assert len({one["indicator_code"] for one in seen}) == 8 and len(counted) > 60
    assert all(c["numerator_matches"] and c.get("denominator_matches", True) for c in counted)
