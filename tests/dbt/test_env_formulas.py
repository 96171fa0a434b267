"""VN_AQI, NowCast, VN_WQI and alarm levels against published numbers and hand arithmetic, through the models themselves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from env_province import Province, at

pytestmark = pytest.mark.slow
DAY = at("2026-03-02 00:00")
#: station → parameter → value all day long (µg/m³; water mg/L, °C, MPN/100 mL)
AIR: dict[str, dict[str, float]] = {
    "A25": {"PM2,5": 25},
    "A50": {"PM2,5": 50},
    "A80": {"PM2,5": 80},
    "A150": {"PM2,5": 150},
    "A250": {"PM2,5": 250},
    "ATOP": {"PM2,5": 700},
    "ANO2": {"PM-2-5": 25, "NO2": 118.7},
    "ANODUST": {"NO2": 300, "O3": 150},
    "AOZONE": {"PM10": 10, "O3": 120},
    "AO3HIGH": {"PM10": 10, "O3": 450},
}
CLEAN = {"pH": 7.0, "DO": 8.0, "COD": 9, "BOD5": 3, "N-NH4": 0.2, "Coliform": 2000, "Temp": 25, "TSS": 15}
MIXED = {"pH": 7.0, "DO": 6.0, "COD": 12, "BOD5": 5, "N-NH4": 0.5, "Coliform": 3000, "Temp": 25, "TSS": 40}
WATER: dict[str, dict[str, float]] = {
    "WCLEAN": CLEAN,
    "WMIXED": MIXED,
    "WACID": {**CLEAN, "pH": 5.75},
    "WVERYACID": {**CLEAN, "pH": 5.4},
    "WCOLD": {**CLEAN, "DO": 8.0, "Temp": 4},
    "WNOTEMP": {k: v for k, v in CLEAN.items() if k != "Temp"},
    "WFEW": {"pH": 7.0, "COD": 9, "BOD5": 3, "Coliform": 2000},
    "WNOORGANIC": {"pH": 7.0, "TSS": 15, "Coliform": 2000},
    "WMETAL": {**CLEAN, "Pb": 0.04, "As": 0.01},
}
#: NowCast: hourly means, newest first (None: that hour was not measured), and the number by hand
NOWCAST: dict[str, tuple[list[float | None], float | None]] = {
    # w* = 40/50 = 0.8: (50 + 0.8·40) / (1 + 0.8) = 82/1.8
    "NTWO": ([50, 40, *[None] * 10], 82 / 1.8),
    # w* = 10/100 → ½, all twelve: ½·100 + (¼ + … + 1/4096)·10 = 50 + (2047/4096)·10
    "NHALF": ([100, *[10] * 11], 50 + 10 * 2047 / 4096),
    # w = ½ with hours missing: (100 + ½·10) / 1.5
    "NHALFGAP": ([100, 10, *[None] * 10], 105 / 1.5),
    # newest hour missing, w* = 1: (0.0 + 30 + 30) / 2 weights = 30
    "NLATE": ([None, 30, 30, *[None] * 9], 30.0),
    # one of the newest three only
    "NSILENT": ([30, None, None, *[30] * 9], None),
}
RIVERS = [
    ("Giàng", "2025-08-27 07:00", 6.62, 3),
    ("Lý Nhân", "2025-08-27 07:00", 11.87, 2),
    ("Kim Tân", "2025-08-27 07:00", 12.76, 3),
    ("Xuân Khánh", "2025-08-27 07:00", 9.65, 1),
    ("Giàng", "2025-08-26 12:00", 5.43, 1),  # a newspaper wrote “above BĐ2 by 0.07 m”; BĐ2 is 5.5
    ("Giàng", "2025-08-26 01:00", 3.46, 0),
    ("Lang Chánh", "2025-08-27 07:00", 60.0, 1),  # only BĐ1 is known
    ("Trạm lạ", "2025-08-27 07:00", 60.0, None),  # no threshold anywhere: unknown, not 0
]


def constant(station: str, values: dict[str, float], n: int = 288) -> Iterator[tuple[Any, ...]]:
    for parameter, value in values.items():
        for slot in range(n):
            yield station, parameter, DAY + timedelta(minutes=5 * slot), value, "µg/m³", "00"


def hours(station: str, newest_first: list[float | None]) -> Iterator[tuple[Any, ...]]:
    for k, value in enumerate(newest_first):
        if value is not None:
            for slot in range(12):
                yield station, "PM2,5", DAY + timedelta(hours=23 - k, minutes=5 * slot), value, "µg/m³", "00"


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Province:
    province = Province(tmp_path_factory.mktemp("formulas"))
    kinds = {**dict.fromkeys([*AIR, *NOWCAST], "khong_khi"), **dict.fromkeys(WATER, "nuoc_mat")}
    province.load(
        "sonnmt_danh_muc_tram__tram",
        [(s, f"Trạm {s}", kind, "14751", None, 19.8, 105.7, "2024-01-01") for s, kind in kinds.items()],
    )
    readings = [row for s, values in {**AIR, **WATER}.items() for row in constant(s, values)]
    readings += [row for s, (means, _) in NOWCAST.items() for row in hours(s, means)]
    province.load("sonnmt_quan_trac__so_do", readings)
    province.load(
        "kttv_thien_tai__muc_nuoc",
        [(f"T{name}", at(hour), name, "sông", level, None, None, None, 19.8, 105.7) for name, hour, level, _ in RIVERS],
    )
    province.build()
    return province


@pytest.mark.parametrize(
    ("station", "aqi", "band"),
    [
        ("A25", 50, "Tốt"),
        ("A50", 100, "Trung bình"),
        ("A80", 150, "Kém"),
        ("A150", 200, "Xấu"),
        ("A250", 300, "Rất xấu"),
        ("ATOP", 500, "Nguy hại"),
        ("ANO2", 59, "Trung bình"),  # the decree's example: 59.35, half up 59
        ("ANODUST", None, None),  # no dust, no index
        ("AOZONE", 100, "Trung bình"),  # 120 as 8 h mean → 100, more than its 1 h index of 38
        ("AO3HIGH", 213, "Rất xấu"),  # 8 h above 400 drops out; 1 h: 200 + 100·(450−400)/(800−400) = 212.5, half up
    ],
)
def test_aqi_day__equals_the_published_breakpoints(
    province: Province, station: str, aqi: int | None, band: str | None
) -> None:
    assert province.ask(f"SELECT aqi, band_vi FROM fct_aqi_day WHERE station_code = '{station}'") == [(aqi, band)]


@pytest.mark.parametrize("station", NOWCAST)
def test_nowcast__equals_hand_arithmetic(province: Province, station: str) -> None:
    newest = "hour_at = '2026-03-02 23:00:00+07'"
    rows = province.ask(f"SELECT pm25_ugm3 FROM fct_aqi_hour WHERE station_code = '{station}' AND {newest}")
    expected = NOWCAST[station][1]
    assert [value for (value,) in rows] == ([] if expected is None else [pytest.approx(expected, abs=1e-9)])


@pytest.mark.parametrize(
    ("station", "method", "wqi"),
    [
        ("WCLEAN", "QD1460", 100),
        ("WCLEAN", "ENVISOFT", 100),
        # BOD 87.5, COD 90, NH4 58.33, DO 6/8.17566 = 73.39 % → 73.39: mean 77.31; coliform 95: (77.31²·95)^⅓ = 82.8
        ("WMIXED", "QD1460", 83),
        # TSS 40 → 62.5: (77.31·62.5·95)^⅓ = 77.13
        ("WMIXED", "ENVISOFT", 77),
        ("WACID", "QD1460", 75),  # pH halfway between 50 and 100 multiplies everything
        ("WVERYACID", "QD1460", 10),
        # 8 mg/L at 4 °C is 60.91 % of 13.134: q 60.91; mean with three 100s 90.23; (90.23²·100)^⅓ = 93.4
        ("WCOLD", "QD1460", 93),
        ("WNOTEMP", "QD1460", 100),  # DO without a temperature has no index; COD, BOD5 and NH4 carry the group
        ("WFEW", "QD1460", None),  # two parameters in group IV
        ("WNOORGANIC", "ENVISOFT", None),  # the organic group is mandatory
        ("WMETAL", "QD1460", 71),  # Pb 50, As 100: √(50·100) = 70.7 %
        ("WMETAL", "ENVISOFT", 83),  # mean of pH 100, Pb 50, As 100 = 83.3 %
    ],
)
def test_wqi_day__equals_hand_arithmetic(province: Province, station: str, method: str, wqi: int | None) -> None:
    rows = province.ask(f"SELECT wqi FROM fct_wqi_day WHERE station_code = '{station}' AND method = '{method}'")
    assert rows == [(wqi,)]


@pytest.mark.parametrize(("name", "hour", "level", "alarm"), RIVERS)
def test_alarm_level__comes_from_metres(
    province: Province, name: str, hour: str, level: float, alarm: int | None
) -> None:
    rows = province.ask(
        f"SELECT level_m, alarm_level FROM fct_river_level_hour WHERE station_code = 'T{name}' AND hour_at = '{hour}:00+07'"
    )
    assert rows == [(level, alarm)]


def test_aqi_segments__are_monotone_for_every_pollutant(province: Province) -> None:
    with province.intake() as con:
        rows = con.execute(
            "SELECT parameter, averaging, count(*) FROM main.int_vn_aqi__segments GROUP BY ALL"
        ).fetchall()
        falling = con.execute(
            "SELECT * FROM main.int_vn_aqi__segments WHERE index_upper < index_lower OR upper <= lower"
        ).fetchall()
    assert len(rows) == 7 and falling == []


def test_stations_above_bd2__counts_three_at_the_peak_of_kajiki(province: Province) -> None:
    assert province.ask(
        "SELECT value, denominator FROM ind_thien_tai_stations_above_bd2 WHERE period_key = '2025082707'"
    ) == [(3, 10)]
    margin = province.ask("SELECT round(value, 2) FROM ind_thien_tai_xuan_khanh_margin")
    assert margin == [(4.06,)]  # 13.71 − 9.65
