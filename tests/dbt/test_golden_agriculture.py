"""Indicators of agriculture against numbers counted by hand from rows written by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import hand_made
import pytest
from hand_made import ask, put

from warehouse import build

pytestmark = [pytest.mark.slow]
VN = timezone(timedelta(hours=7))
A, B = "14797", "14758"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VN)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    patch = pytest.MonkeyPatch()
    home = tmp_path_factory.mktemp("agriculture")
    patch.setenv("IOC_HOME", str(home))
    hand_made.prepare(home, patch)
    put("sonnmt_nncnc__khu", [("K1", "Khu 1", A, 20.0, "Rau"), ("K2", "Khu 2", B, 30.0, "Hoa"), ("K3", "Khu 3", B, 50.0, "Rau")])  # fmt: skip
    devices = [("TB-001", "K1", date(2025, 1, 1), None), ("TB-002", "K2", date(2025, 4, 1), None), ("TB-003", "K1", date(2025, 1, 1), date(2025, 6, 30)),
        ("TB-004", "K3", date(2025, 1, 1), date(2025, 3, 31))]  # fmt: skip
    put("sonnmt_nncnc__thiet_bi", [(code, "am_kk", zone, *days) for code, zone, *days in devices])
    told = [("TB-001", "08:00", 60.0), ("TB-001", "08:15", 80.0), ("TB-001", "08:30", 140.0), ("TB-001", "09:00", 70.0), ("TB-002", "09:45", 50.0), ("TB-009", "10:00", 50.0)]  # fmt: skip
    put("sonnmt_nncnc__iot_do", [(code, "am_kk", at(f"2026-03-01T{time}"), value) for code, time, value in told])
    plots = [("LO-001", A, 60.0), ("LO-002", B, 100.0), ("LO-003", B, 40.0)]
    put("lasuco_mia__mia_lo", [(code, season, area, ha, "LS1") for season in ("2024-2025", "2025-2026") for code, area, ha in plots])  # fmt: skip
    alerts = [
        ("1", "LO-001", "2026-01-05T08:00", "sau", "2026-01-05T18:00"),  # 10 hours
        ("2", "LO-001", "2026-01-20T08:00", "benh", "2026-01-21T08:00"),  # the same plot again: 24 hours
        ("3", "LO-002", "2026-01-20T08:00", "dinh_duong", None),  # no pest
        ("4", "LO-003", "2026-01-31T23:30", "sau", "2026-01-30T08:00"),  # handled before it was opened
        ("5", "LO-009", "2026-01-20T08:00", "sau", "2026-01-20T20:00"),  # on no register: 12 hours
    ]
    put("lasuco_mia__mia_cb", [(code, plot, at(opened), kind, "X", 2, 0.9, at(done) if done else None) for code, plot, opened, kind, done in alerts])  # fmt: skip
    put("lasuco_mia__mia_sl", [("LO-001", "2024-2025", 4500.0), ("LO-002", "2024-2025", 6500.0)])
    milk = [("F1", 100, 50, 1500.0), ("F2", 300, 150, 3500.0), ("F3", 10, 11, 999.0)]
    put("vinamilk_bo_sua__sua_ngay", [(farm, A, "2026-03-01", cows, milking, litres, None) for farm, cows, milking, litres in milk])  # fmt: skip
    build.build(run_id="agriculture")
    yield home
    patch.undo()


def values(code: str, period: str) -> dict[str, tuple[float, float | None, float]]:
    rows = ask(f"SELECT area_code, numerator, denominator, value FROM mart.obs_indicator WHERE indicator_code = '{code}' AND period_key = '{period}'")  # fmt: skip
    return {str(area): (n, d, v) for area, n, d, v in rows}  # type: ignore[misc]


def test_zones__count_whole_while_a_device_is_in_place_on_the_last_day(built: Path) -> None:
    """On 31 March K3's device came down that day: not in place. K2's came in April."""
    assert values("NN01", "20251") == {"38": (20, 1, 20), A: (20, 1, 20)}
    assert values("NN01", "20252") == {"38": (50, 1, 50), A: (20, 1, 20), B: (30, 1, 30)}


def test_sensors__silent_ones_count_as_offline_and_unregistered_ones_not_at_all(built: Path) -> None:
    assert values("NN02", "2026030108") == {"38": (1, 2, 50), A: (1, 1, 100), B: (0, 1, 0)}
    assert values("NN02", "2026030109")["38"] == (2, 2, 100)
    assert values("NN02", "2026030110")["38"] == (0, 2, 0)


def test_sensors__an_impossible_reading_is_counted_and_kept_out_of_the_mean(built: Path) -> None:
    rows = ask("SELECT n_readings, n_impossible, value_mean FROM mart.fct_sensor_hour WHERE device_code = 'TB-001' ORDER BY hour_at")  # fmt: skip
    assert rows == [(3, 1, 70.0), (1, 0, 70.0), (0, 0, None)]


def test_cane__a_plot_counts_once_a_month_and_nutrition_is_no_pest(built: Path) -> None:
    assert values("NN03", "202601") == {"38": (100, 200, 50), A: (60, 60, 100), B: (40, 140, pytest.approx(28.5714, abs=1e-4))}  # fmt: skip
    assert values("NN03", "202602") == {}, "nothing was sent of February: no value, not a zero"


def test_response__is_the_median_of_possible_durations(built: Path) -> None:
    """10, 24 and 12 hours; the one handled before it was opened has no duration."""
    assert values("NN04", "202601") == {"38": (12, 1, 12)}
    assert ask("SELECT alert_code FROM mart.fct_cane_alert WHERE is_impossible") == [("4",)]


def test_yield__is_re_aggregated_not_averaged(built: Path) -> None:
    """4,500 t on 60 ha and 6,500 t on 100 ha: 11,000 / 160, not the mean of 75 and 65."""
    assert values("NN05", "2025") == {"38": (11000, 160, 68.75), A: (4500, 60, 75), B: (6500, 100, 65)}


def test_milk__divides_all_litres_by_all_milking_cows_without_the_impossible_farm(built: Path) -> None:
    assert values("NN06", "20260301") == {"38": (5000, 200, 25)}
