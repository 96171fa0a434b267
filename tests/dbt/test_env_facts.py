"""What the facts count, refuse and repair; and that order, repetition and the number of builds do not change them."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from env_province import ROOT, Province, at, pair

from warehouse.indicator import OBSERVATION, Indicator

pytestmark = pytest.mark.slow
START = at("2026-03-02 00:00")
STATIONS = [
    ("TH_KK_01", "Trạm không khí", "khong_khi", "14751", None, 19.8, 105.7, "2024-01-01"),
    ("TH_NM_01", "Trạm nước mặt", "nuoc_mat", "14999", None, 19.8, 105.7, "2024-01-01"),  # an old code
    ("TH_NT_01", "Trạm nước thải", "nuoc_thai", "14753", "Nhà máy", 19.8, 105.7, "2024-01-01"),
    ("TH_NT_02", "Trạm chưa từng gửi", "nuoc_thai", "14754", "Nhà máy", 19.8, 105.7, "2024-01-01"),
]
LIMITS = [
    ("TH_NT_01", "COD", "2025-01-01", "2026-03-02", None, 150.0, "mg/L", "Giấy phép cũ"),
    ("TH_NT_01", "COD", "2026-03-03", None, None, 75.0, "mg/L", "Giấy phép mới"),
    ("TH_NT_01", "pH", "2025-01-01", None, 5.5, 9.0, "-", "Giấy phép cũ"),
]
FACTS = [
    *(
        "fct_env_reading_hour",
        "fct_env_reading_day",
        "fct_aqi_hour",
        "fct_aqi_day",
        "fct_wqi_day",
        "fct_exceedance_hour",
    ),
    *("fct_env_capture_day", "fct_env_station_hour"),
]
WITH_FACTS = [f"+{fact}" for fact in FACTS]


def readings(seed: int = 7) -> list[tuple[Any, ...]]:
    """Two days and an hour of three stations with the dirt that loggers send."""
    rng, rows = random.Random(seed), []
    series = {
        "TH_KK_01": {"PM2,5": 40.0, "PM10": 80.0, "O3": 90.0},
        "TH_NM_01": {"pH": 7.2, "DO": 6.0, "Temp": 24.0, "COD": 12.0, "N-NH4": 0.4, "Coliform": 3000.0},
        "TH_NT_01": {"COD": 100.0, "pH": 7.0},
    }
    for slot in range(12 * 49):
        for station, parameters in series.items():
            for parameter, level in parameters.items():
                status, value = "00", round(level * rng.uniform(0.9, 1.1), 3)
                if rng.random() < 0.05:
                    status, value = rng.choice([("01", value), ("02", value), ("00", -value), ("00", 1e7)])
                rows.append((station, parameter, START + timedelta(minutes=5 * slot), value, "đv", status))
    return rows


def new_province(home: Path) -> Province:
    province = Province(home)
    province.load("sonnmt_danh_muc_tram__tram", STATIONS)
    province.load("sonnmt_danh_muc_tram__nguong", LIMITS)
    return province


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Province:
    province = new_province(tmp_path_factory.mktemp("once"))
    dirty_hour = [
        ("00", 10.0),
        ("00", 20.0),
        ("01", 999.0),
        ("02", 999.0),
        ("02", 999.0),
        ("00", -5.0),
        ("00", 6000.0),
        ("00", None),
    ]
    province.load(
        "sonnmt_quan_trac__so_do",
        readings()
        + [
            ("TH_KK_01", "SO2", START + timedelta(minutes=5 * n), value, "µg/m³", status)
            for n, (status, value) in enumerate(dirty_hour)
        ],
    )
    lake = ("x", 10.0, 15.0, "bình thường", 105.5, 19.9)
    province.load(
        "sonnmt_ho_chua__van_hanh",
        [
            ("H1", at(hour), "Hồ Cửa Đạt", "Chu", level, volume, 1500.0, 100.0, 90.0, 110.0, 119.0, *lake[3:])
            for hour, level, volume in [
                ("2026-08-01 07:00", 110.5, 1200.0),
                ("2026-08-01 08:00", 109.0, 1_150_000_000.0),
                ("2026-08-01 09:00", 109.0, 40_000.0),
            ]
        ]
        + [
            ("H2", at(hour), "Thủy điện Hủa Na", "Chu", 236.0, 400.0, 569.35, 100.0, 90.0, 240.0, 242.0, *lake[3:])
            for hour in ("2026-08-01 07:00", "2026-12-15 07:00")
        ],
    )
    flood = at("2026-08-01 07:00")
    province.load(
        "kttv_thien_tai__lu_quet",
        [
            ("14751", flood, 1, 6, "Xã 1", "1", "Trung bình", "", 50.0, 80.0),
            ("14751", flood, 2, 6, "Xã 1", "2", "Cao", "Thấp", 90.0, 20.0),
            ("14999", flood, 3, 6, "Xã cũ", "14999", "RẤT CAO", "", 10.0, 10.0),  # split: both parts are warned
            ("14753", flood, 4, 6, "P. Ba", "3", "", "", 0.0, 0.0),
            ("14754", flood, 5, 6, "Xã 4", "4", "chưa rõ", "Thấp", 0.0, 0.0),
            ("99999", flood, 6, 6, "Nơi khác", "99999", "Cao", "", 0.0, 0.0),
        ],
    )
    province.build()
    return province


def test_reading_hour__excludes_but_counts_every_kind_of_bad_value(province: Province) -> None:
    columns = "value_mean, n_rows, n_valid, n_status_01, n_status_02, n_negative, n_out_of_range, n_unusable"
    rows = province.ask(f"SELECT {columns} FROM fct_env_reading_hour WHERE parameter = 'SO2'")
    assert rows == [(15.0, 8, 2, 1, 2, 1, 1, 1)]


def test_reading_hour__accounts_for_every_raw_row(province: Province) -> None:
    total, judged = province.ask(
        "SELECT sum(n_rows), sum(n_valid + n_status_01 + n_status_02 + n_negative + n_out_of_range + n_unusable) FROM fct_env_reading_hour"
    )[0]
    assert total == judged == len(readings()) + 8


def test_station__of_an_old_commune_stands_in_its_new_one(province: Province) -> None:
    assert province.ask("SELECT area_code FROM dim_station WHERE station_code = 'TH_NM_01'") == [("14752",)]


def test_exceedance__uses_the_permit_of_that_day(province: Province) -> None:
    rows = province.ask(
        "SELECT legal_ref, count(*), count(*) FILTER (is_exceeded) FROM fct_exceedance_hour WHERE parameter = 'COD' GROUP BY 1 ORDER BY 1"
    )
    # COD is about 100 all the time: under 150 of the old permit, over 75 of the new one; 24 + 25 hours
    assert rows == [("Giấy phép cũ", 24, 0), ("Giấy phép mới", 25, 25)]
    assert province.ask(
        "SELECT value FROM ind_moi_truong_exceedance_day WHERE period_key = '20260303' AND breakdown = ''"
    ) == [(24.0,)]


def test_capture__expects_only_the_slots_that_a_running_day_has_had(province: Province) -> None:
    rows = province.ask(
        "SELECT reading_date, n_expected FROM fct_env_capture_day WHERE station_code = 'TH_NT_01' AND parameter = 'pH' ORDER BY 1"
    )
    assert [n for _, n in rows] == [288, 288, 12]


def test_capture__a_silent_day_is_a_row_of_zeros(province: Province) -> None:
    rows = province.ask(
        "SELECT n_valid, n_expected FROM fct_env_capture_day WHERE parameter = 'SO2' ORDER BY reading_date"
    )
    assert rows == [(2, 288), (0, 288), (0, 12)]


def test_station_hour__a_station_that_never_sent_is_offline(province: Province) -> None:
    assert province.ask("SELECT station_code, count(*) FROM fct_env_station_hour WHERE is_offline GROUP BY 1") == [
        ("TH_NT_02", 49)
    ]
    assert province.ask("SELECT numerator, denominator, value FROM ind_moi_truong_station_offline LIMIT 1") == [
        (1.0, 4.0, 25.0)
    ]


def test_reservoir__repairs_cubic_metres_and_takes_out_the_impossible(province: Province) -> None:
    rows = province.ask(
        "SELECT volume_million_m3, is_volume_repaired, is_volume_impossible, is_above_limit, margin_m FROM fct_reservoir_hour "
        "WHERE reservoir_code = 'H1' ORDER BY hour_at"
    )
    assert rows[0] == (1200.0, False, False, True, -0.5)
    assert rows[1] == (1150.0, True, False, False, 1.0)
    assert rows[2][:3] == (None, False, True)  # 40,000 of 1,500 million m³ is neither unit


def test_reservoir__limit_depends_on_the_season(province: Province) -> None:
    rows = province.ask(
        "SELECT is_flood_season, limit_m, is_above_limit FROM fct_reservoir_hour WHERE reservoir_code = 'H2' ORDER BY hour_at"
    )
    # Hủa Na at 236 m: above the pre-flood ceiling of 235 in August, below the normal level of 240 in December
    assert rows == [(True, 235.0, True), (False, 240.0, False)]


def test_flash_flood__takes_the_worst_row_and_todays_commune(province: Province) -> None:
    rows = province.ask(
        "SELECT area_code, flash_flood_level, risk_level, rain_observed_mm, n_rows, n_unknown_text FROM fct_flash_flood_hour ORDER BY 1"
    )
    assert rows == [
        ("14751", 2, 2, 90.0, 2, 0),
        ("14752", 3, 3, 10.0, 1, 0),
        ("14753", 3, 3, 10.0, 2, 0),
        ("14754", None, 0, 0.0, 1, 1),
    ]
    assert province.ask("SELECT value, denominator FROM ind_thien_tai_flash_flood_communes") == [(3.0, 5.0)]


def pairs() -> list[Path]:
    return sorted(
        p for d in ("moi_truong", "thien_tai") for p in (ROOT / "dbt" / "models" / "indicators" / d).glob("ind_*.yml")
    )


def indicator(path: Path) -> Indicator:
    model = yaml.safe_load(path.read_text(encoding="utf-8"))["models"][0]
    assert model["name"] == path.stem
    return Indicator(**model["config"]["meta"]["indicator"])


def test_pairs__keep_the_contract_and_share_no_code(province: Province) -> None:
    found = [indicator(path) for path in pairs()]
    assert len(found) == 25 and len({i.code for i in found}) == 25
    assert {i.home_order: i.code for i in found if i.home_order} == {
        5: "TT02",
        6: "TT03",
        7: "TT06",
        8: "MT01",
        9: "MT07",
        10: "MT08",
    }


def test_pairs__return_the_observation_columns_with_one_row_a_key(province: Province) -> None:
    assert len(pairs()) == 25
    for path in pairs():
        described = province.ask(f"SELECT column_name, column_type FROM (DESCRIBE {path.stem})")
        assert dict(described) == OBSERVATION and [c for c, _ in described] == list(OBSERVATION), path.stem
        doubled = province.ask(
            f"SELECT period_key, area_code, breakdown FROM {path.stem} GROUP BY ALL HAVING count(*) > 1"
        )
        assert doubled == [], path.stem


@pytest.mark.parametrize(
    "code",
    ["MT01", "MT01h", "MT02", "MT03", "MT04", "MT05", "MT06", "MT07", "MT08", "MT09", "TT03", "TT05", "TT06", "TT07"],
)
def test_evidence__sums_to_the_number_it_proves(province: Province, code: str) -> None:
    province.proves(*pair(code))


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> Province:
    """The same readings, shuffled and with one file sent under another spelling again, loaded in three parts that cut through
    hours, with a build after each."""
    province = new_province(tmp_path_factory.mktemp("thrice"))
    rows = readings()
    random.Random(1).shuffle(rows)
    for part in (rows[:2000], rows[2000:4500], rows[4500:]):
        province.load("sonnmt_quan_trac__so_do", part)
        province.build("--select", *WITH_FACTS)
    return province


def test_incremental__three_builds_equal_one_full_refresh(rebuilt: Province) -> None:
    before = {fact: rebuilt.fingerprint(fact) for fact in FACTS}
    rebuilt.build("--full-refresh", "--select", *WITH_FACTS)
    assert {fact: rebuilt.fingerprint(fact) for fact in FACTS} == before
    assert min(n for n, _ in before.values()) > 0


def test_shuffling_and_splitting__change_no_value(rebuilt: Province, province: Province) -> None:
    for fact, values in {
        "fct_env_reading_hour": "station_code, parameter, hour_at, value_mean, n_rows, n_valid, n_negative",
        "fct_aqi_hour": "station_code, hour_at, aqi, pm25_ugm3",
        "fct_wqi_day": "station_code, reading_date, method, wqi",
    }.items():
        query = f"SELECT {values} FROM {fact} ORDER BY ALL"
        if "parameter" in values:
            query = f"SELECT {values} FROM {fact} WHERE parameter <> 'SO2' ORDER BY ALL"
        rows = rebuilt.ask(query)
        assert rows and rows == province.ask(query), fact


def test_sending_a_file_again__under_another_spelling_changes_no_value(rebuilt: Province) -> None:
    values = "station_code, parameter, hour_at, value_mean, n_rows, n_valid"
    before = rebuilt.ask(f"SELECT {values} FROM fct_env_reading_hour ORDER BY ALL")
    again = [(s, "PM-2-5", *rest) for s, parameter, *rest in readings() if parameter == "PM2,5"][:24]
    assert len(again) == 24
    rebuilt.load("sonnmt_quan_trac__so_do", again)
    rebuilt.build("--select", *WITH_FACTS)
    assert rebuilt.ask(f"SELECT {values} FROM fct_env_reading_hour ORDER BY ALL") == before
