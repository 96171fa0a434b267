"""Indicators of energy against numbers counted by hand from rows written by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import hand_made
import pytest
from hand_made import ask, put

from warehouse import build

pytestmark = [pytest.mark.slow]
#: 14755 was the old phường Hàm Rồng, which went into B whole; the old 14758 was split between A and B.
A, B, OLD, SPLIT = "14797", "14758", "14755", "14758"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    patch = pytest.MonkeyPatch()
    home = tmp_path_factory.mktemp("energy")
    patch.setenv("IOC_HOME", str(home))
    hand_made.prepare(home, patch)
    put("pcthanhhoa_dien__dien_tt_cu", [("202501", OLD, "sinh_hoat", 1000.0), ("202501", SPLIT, "sinh_hoat", 600.0)])
    sold = [("202507", A, "sinh_hoat", 3000.0), ("202507", A, "cong_nghiep", 5000.0), ("202507", B, "sinh_hoat", 2000.0)]
    put("pcthanhhoa_dien__dien_tt", [*sold, *((f"2025{m:02d}", A, "sinh_hoat", 1000.0) for m in (*range(2, 7), *range(8, 13)))])  # fmt: skip
    roofs = [("NL-001", "Mặt trời mái nhà", A, 0.3, date(2025, 3, 31)), ("NL-002", "Mặt trời mái nhà", B, 0.5, date(2025, 4, 1)),
        ("NL-003", "Thủy điện nhỏ", A, 20.0, date(2024, 1, 1)), ("NL-004", "Mặt trời mái nhà", A, 9.0, None)]  # fmt: skip
    put("soct_nang_luong__nlm_t", [(code, "công trình", kind, area, mwp, on) for code, kind, area, mwp, on in roofs])
    put("soct_nang_luong__san_luong", [("202507", "NL-001", 400.0), ("202507", "NL-003", 2100.0), ("202601", "NL-003", 7.0)])
    put("soct_nang_luong__den_duong", [("20253", A, 100, 90, 30), ("20253", B, 300, 10, 30), ("20253", "14812", 50, 40, 51)])
    put("vpubnd_cong_bo__cong_bo", [("GRDP", "GRDP", 2025, "Thanh Hóa", 0.4, None, "tỷ đồng", "nguồn", "S")])
    build.build(run_id="energy")
    yield home
    patch.undo()


def values(code: str, period: str) -> dict[str, tuple[float, float | None, float]]:
    rows = ask(f"SELECT area_code, numerator, denominator, value FROM mart.obs_indicator WHERE indicator_code = '{code}' AND period_key = '{period}'")  # fmt: skip
    return {str(area): (n, d, v) for area, n, d, v in rows}  # type: ignore[misc]


def test_sold__sums_megawatt_hours_by_commune_and_province(built: Path) -> None:
    assert values("NL01", "202507") == {"38": (10.0, 1.0, 10.0), A: (8.0, 1.0, 8.0), B: (2.0, 1.0, 2.0)}


def test_sold__of_old_communes_goes_whole_or_is_shared_out_and_marked(built: Path) -> None:
    rows = ask("SELECT area_code, kwh, is_re_estimated FROM mart.fct_power_sold_month WHERE month_key = '202501' ORDER BY 1")
    assert rows == [(B, 1000 + 600 / 2, True), (A, 600 / 2, True)]
    assert values("NL01", "202501")["38"][2] == pytest.approx(1.6), "the old map and the new one agree on the total"


def test_renewable_share__is_of_months_that_both_sides_reported(built: Path) -> None:
    assert values("NL03", "202507") == {"38": (2500.0, 10000.0, 25.0)}
    assert values("NL03", "202601") == {}


def test_rooftops__count_from_their_first_day_and_never_without_one(built: Path) -> None:
    assert values("NL04", "20251") == {"38": (0.3, 1.0, 0.3), A: (0.3, 1.0, 0.3)}
    assert values("NL04", "20252")["38"][2] == pytest.approx(0.8)


def test_intensity__needs_twelve_months_and_a_published_grdp(built: Path) -> None:
    """1.6 + 10 + 10 × 1 MWh = 21,600 kWh on 0.4 billion đồng = 400 million: 54 kWh a million."""
    assert values("NL05", "2025")["38"] == (pytest.approx(21600), 400.0, pytest.approx(54))
    assert len(ask("SELECT 1 FROM mart.obs_indicator WHERE indicator_code = 'NL05'")) == 1


def test_lights__leave_out_a_commune_with_more_smart_lights_than_lights(built: Path) -> None:
    assert values("NL07", "20253") == {"38": (60.0, 400.0, 15.0), A: (30.0, 100.0, 30.0), B: (30.0, 300.0, 10.0)}


def test_energy__says_why_savings_and_emissions_are_blocked(built: Path) -> None:
    rows = ask("SELECT indicator_code FROM catalog.indicator WHERE sector = 'nang_luong' AND blocked_vi IS NOT NULL AND missing_en IS NOT NULL ORDER BY 1")  # fmt: skip
    assert rows == [("NL02",), ("NL06",)] and values("NL02", "202507") == {} == values("NL06", "2025")
