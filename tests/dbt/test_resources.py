"""River classes, waste, land, mines and water against rows written and counted by hand."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from env_province import Province, pair

pytestmark = pytest.mark.slow
#: point → (parameter, result, detection limit); class by QCVN 08:2023 table 2
SAMPLES: dict[str, tuple[list[tuple[str, str, float]], str | None]] = {
    "P_A": ([("pH", "7,2", 0), ("BOD5", "KPH", 1.0), ("Coliform", "1.000", 3)], "A"),  # KPH under 1 meets ≤ 4
    "P_B": ([("pH", "6,4", 0), ("BOD5", "5,9", 1.0)], "B"),  # pH of A is 6.5–8.5
    "P_C": ([("DO", "4,0", 0.5), ("COD", "20", 3)], "C"),
    "P_D": ([("DO", "KPH", 0.5), ("COD", "10", 3)], "D"),  # less than 0.5 mg/L of oxygen surely misses ≥ 4
    "P_WIDE": ([("TP", "KPH", 0.2)], "B"),  # between 0 and 0.2: A (≤ 0.1) is not sure, B (≤ 0.3) is
    "P_OPEN": ([("TP", "KPH", 0.9)], None),  # nothing is sure
}
CODES = ["MT06m", "MT10", "MT11", "TN01", "TN02", "TN03", "TN04"]
MINE = [("202511", 900.0), ("202512", 1010.0), ("202601", 80.0), ("202602", 170.0), ("202603", 150.0), ("202605", 400.0)]


@pytest.fixture(scope="module")
def loads() -> dict[str, list[tuple[Any, ...]]]:
    return {
        "sonnmt_moi_truong__mau_nuoc": [
            (point, "Điểm", f"1475{n % 5}", "2026-02-10", name, result, limit, "mg/L")
            for n, (point, (results, _)) in enumerate(SAMPLES.items())
            for name, result, limit in results
        ],
        "sonnmt_moi_truong__rac_thai": [
            ("202601", "14750", "Xã", 100.0, 90.0),
            ("202601", "14751", "Xã", 300.0, 210.0),
            ("202601", "14752", "Xã", 50.0, 70.0),  # more collected than arose
        ],
        "sonnmt_moi_truong__kcn_nuoc_thai": [
            ("20261", "K1", "Khu 1", "Có", "Có", 1000.0, "Đạt"),
            ("20261", "K2", "Khu 2", "Có", "Có", 1000.0, "Không đạt"),
            ("20261", "K3", "Khu 3", "Có", "Không", None, ""),
            ("20261", "K4", "Khu 4", "Không", "Có", 1000.0, "Đạt"),
        ],
        "sonnmt_dat_dai__thua_dat": [
            (f"T{n}", "14750" if n < 4 else "14751", 1, n, 100.0, "ONT", "dung_du_sach_song" if day else "chua", day)
            for n, day in enumerate(["2025-09-05", "2025-09-30", "2025-10-01", None, "2025-10-31", None])
        ],
        "sonnmt_dat_dai__gcn": [("14750", "20261", 10.0, 9.0), ("14751", "20261", 30.0, 15.0), ("14752", "20261", 5.0, 6.0)],
        "sonnmt_khoang_san_nuoc__mo_ks": [("M1", "Mỏ", "cát", "14750", 1000.0, "2020-01-01", None)],
        "sonnmt_khoang_san_nuoc__sl_mo": [("M1", month, total) for month, total in MINE],
        "sonnmt_khoang_san_nuoc__gp_tnn": [
            ("W1", "Công trình", "14750", "nuoc_mat", 100.0, "2025-01-01", "2026-01-31"),
            ("W1B", "Công trình 2", "14750", "nuoc_mat", 100.0, "2025-01-01", None),
        ],
        "sonnmt_khoang_san_nuoc__q_tnn": [
            ("W1", "2026-01-31", 100.5),
            ("W1", "2026-02-01", 999.0),  # its licence has ended: not judged by it
            ("W1B", "2026-01-31", 100.0),
        ],
    }  # fmt: skip


def build(home: Path, loads: dict[str, list[tuple[Any, ...]]], parts: int) -> Province:
    province = Province(home)
    for table, rows in loads.items():
        for part in range(parts):
            if some := rows[part::parts]:
                province.load(table, some)
    province.build("--select", *(f"+{pair(code)[0].stem}" for code in CODES))
    return province


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory, loads: dict[str, list[tuple[Any, ...]]]) -> Province:
    return build(tmp_path_factory.mktemp("once"), loads, 1)


def test_sample__not_detected_is_not_zero(province: Province) -> None:
    found = province.ask("SELECT value, is_below_detection, value_low, value_high FROM fct_water_sample WHERE point_code = 'P_OPEN'")  # fmt: skip
    assert found == [(None, True, 0.0, 0.9)]
    assert province.ask("SELECT value FROM fct_water_sample WHERE parameter = 'Coliform'") == [(1000.0,)]


@pytest.mark.parametrize("point", SAMPLES)
def test_river_class__is_the_best_that_is_surely_met(province: Province, point: str) -> None:
    found = province.ask(f"SELECT water_class FROM fct_surface_water_month WHERE point_code = '{point}'")
    assert found == [(SAMPLES[point][1],)]


def test_class_b__counts_only_points_that_could_be_judged(province: Province) -> None:
    found = province.ask("SELECT numerator, denominator, value FROM ind_moi_truong_surface_water_b_sample WHERE area_code = '38'")  # fmt: skip
    assert found == [(3.0, 5.0, 60.0)]


def test_waste__is_summed_before_it_is_divided(province: Province) -> None:
    found = province.ask("SELECT area_code, numerator, denominator, value FROM ind_moi_truong_waste_collected ORDER BY 1")
    # not the mean of 90 % and 70 %; the commune that collected more than arose is out
    assert found == [("14750", 90.0, 100.0, 90.0), ("14751", 210.0, 300.0, 70.0), ("38", 300.0, 400.0, 75.0)]


def test_zones__without_a_plant_do_not_comply_and_idle_ones_do_not_count(province: Province) -> None:
    assert province.ask("SELECT numerator, denominator FROM ind_moi_truong_zones_compliant") == [(1.0, 3.0)]


def test_parcels__are_clean_from_their_own_day_on(province: Province) -> None:
    found = province.ask("SELECT period_key, area_code, numerator, denominator FROM ind_tai_nguyen_parcels_clean ORDER BY ALL")
    september = [("202509", "14750", 2.0, 4.0), ("202509", "14751", 0.0, 2.0), ("202509", "38", 2.0, 6.0)]
    assert found == [*september, ("202510", "14750", 3.0, 4.0), ("202510", "14751", 1.0, 2.0), ("202510", "38", 4.0, 6.0)]


def test_certificates__leave_out_more_than_there_is(province: Province) -> None:
    assert province.ask("SELECT numerator, denominator, value FROM ind_tai_nguyen_certificates WHERE area_code = '38'") == [(24.0, 40.0, 60.0)]  # fmt: skip


def test_running_total__starts_anew_in_january_and_a_fall_gives_no_output(province: Province) -> None:
    found = province.ask("SELECT month_key, output_m3, n_months, is_falling FROM fct_mine_month ORDER BY 1")
    assert found == [
        ("202511", 900.0, 11, False),  # all since January
        ("202512", 110.0, 1, False),
        ("202601", 80.0, 1, False),  # less than 1,010, but a new year
        ("202602", 90.0, 1, False),
        ("202603", None, 1, True),
        ("202605", 250.0, 2, False),  # April was skipped
    ]


def test_mines__over_their_yearly_licence(province: Province) -> None:
    found = province.ask("SELECT period_key, numerator, denominator FROM ind_tai_nguyen_mines_over ORDER BY 1")
    assert found == [("20254", 1.0, 1.0), ("20261", 0.0, 1.0), ("20262", 0.0, 1.0)]


def test_water__on_the_licence_is_not_over_it(province: Province) -> None:
    assert province.ask("SELECT period_key, numerator, denominator FROM ind_tai_nguyen_water_over") == [("20260131", 1.0, 2.0)]  # fmt: skip


def test_shuffled_and_split_extracts__change_no_number(
    province: Province, loads: dict[str, list[tuple[Any, ...]]], tmp_path: Path
) -> None:
    shuffled = {table: random.Random(3).sample(rows, len(rows)) for table, rows in loads.items()}
    other = build(tmp_path, shuffled, 2)
    for code in CODES:
        query = f"SELECT period_key, area_code, numerator, denominator, value FROM {pair(code)[0].stem} ORDER BY ALL"
        assert province.ask(query) and province.ask(query) == other.ask(query), code


@pytest.mark.parametrize("code", CODES)
def test_evidence__sums_to_the_number_it_proves(province: Province, code: str) -> None:
    province.proves(*pair(code))
