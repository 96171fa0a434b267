"""The dirt of the made-up feeds is there, as often as the lists in `demo/` say, and nowhere else."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from demo import dossiers, hazards, schools, stations
from demo.units import communes

UNTIL = datetime(2026, 3, 10, 12)
#: 2026-03-01's ordinal is 739676; the next multiple of 20 is 739680, four days later.
DIRTY, CLEAN = date(2026, 3, 5), date(2026, 3, 4)
WRONG = {
    "unknown commune": pl.col("ma_xa") == "99999",
    "channel outside the list": ~pl.col("hinh_thuc_nop").is_in(["truc_tuyen", "truc_tiep", "buu_chinh"]),
    "no submission time": pl.col("ngay_nop").is_null(),
    "fee that is NaN": pl.col("le_phi_vnd") == "NaN",
    "result before submission": pl.col("ngay_tra") < pl.col("ngay_nop"),
}


@pytest.mark.parametrize("what", WRONG)
def test_dossiers__have_one_wrong_row_each_way_on_a_twentieth_day(what: str) -> None:
    assert (DIRTY.toordinal() % 20, CLEAN.toordinal() % 20) == (0, 19)
    assert dossiers.day(38, DIRTY, UNTIL).filter(WRONG[what]).height == 1
    assert dossiers.day(38, CLEAN, UNTIL).filter(WRONG[what]).height == 0


def test_dossiers__have_old_communes_until_the_reform() -> None:
    new, old = {c.code for c in communes()}, {code for c in communes() for code in c.old_codes}
    assert len(new) == 166
    before, after = (dossiers.day(38, on, UNTIL) for on in (date(2025, 6, 30), date(2025, 7, 1)))
    assert set(before["ma_xa"]) - {"99999"} <= old and set(after["ma_xa"]) - {"99999"} <= new
    assert len(set(before["ma_xa"]) - new) > 50


def test_procedures__every_seventh_name_is_decomposed() -> None:
    names = dossiers.procedures()["ten"].to_list()
    decomposed = [i for i, name in enumerate(names) if unicodedata.normalize("NFC", name) != name]
    assert len(names) == 120
    assert decomposed == list(range(0, 120, 7))


def test_schools__every_97th_has_no_real_update_time() -> None:
    rows, _ = schools.rows(38)
    zero = [i for i, row in enumerate(rows) if row[5] == "0000-00-00 00:00:00"]
    assert len(rows) > 600
    assert zero == list(range(0, len(rows), 97))


def readings(code: str, at: datetime, until: datetime = UNTIL) -> dict[str, tuple[float, str]]:
    """Parameter → (value, status) of one file."""
    station = next(s for s in stations.STATIONS if s.code == code)
    lines = [line.split("\t") for line in stations.lines(38, station, at, until).splitlines()]
    return {name: (float(value), status) for name, value, _, _, status in lines}


def mean(code: str, name: str, first: datetime, hours: int) -> float:
    values = [readings(code, first + timedelta(minutes=5 * n))[name][0] for n in range(12 * hours)]
    return sum(values) / len(values)


def test_stations__two_write_names_of_their_own() -> None:
    assert {"PM-2-5"} == readings("TH_KK_01", UNTIL).keys() - stations.AIR.keys()
    assert {"NH4"} == readings("TH_NM_02", UNTIL).keys() - stations.WATER.keys()
    assert readings("TH_KK_02", UNTIL).keys() == stations.AIR.keys()


def test_stations__nghi_son_air_is_bad_last_night() -> None:
    # 28 µg/m³ × 1.25 × 4.2 = 147, less the night's 7.5 %; the AQI is over 150 from PM2.5 of 80 on
    assert mean("TH_KK_02", "PM2,5", datetime(2026, 3, 9, 21), 8) > 110
    assert mean("TH_KK_02", "PM2,5", datetime(2026, 3, 9, 11), 5) < 50


def test_stations__one_plant_is_over_its_cod_permit_for_five_hours_yesterday() -> None:
    # 48 mg/L × 1.05 × 3.6 = 181, over the permit's 100
    over = [h for h in range(24) if mean("TH_NT_02", "COD", datetime(2026, 3, 9, h), 1) > 100]
    assert over == [9, 10, 11, 12, 13]


def test_stations__one_ph_sensor_is_stuck() -> None:
    stuck = {abs(readings("TH_NT_03", datetime(2026, 3, 9, h))["pH"][0]) for h in range(24)}
    moving = {readings("TH_NT_01", datetime(2026, 3, 9, h))["pH"][0] for h in range(24)}
    assert stuck == {7.02} and len(moving) > 10


def test_stations__statuses_and_single_negative_values_occur() -> None:
    hours = [datetime(2026, 3, 8) + timedelta(hours=h) for h in range(36)]
    found = [r for s in stations.STATIONS for at in hours for r in readings(s.code, at).values()]
    assert len(found) == 36 * (4 * 8 + 4 * 12 + 4 * 6)
    assert {status for _, status in found} == {"00", "01", "02"}
    assert 0 < sum(value < 0 for value, _ in found) < len(found) / 100


def test_station_files__late_silent_and_repeated_as_the_list_says(tmp_path: Path) -> None:
    since = datetime(2026, 3, 10, 6)
    # Until 10:30: 54 slots × 12 stations, less 12 files of TH_NM_03's 9 o'clock (two hours late), less the 36 of TH_NM_04's
    # last three hours, and TH_KK_04's repeated file of 6:50, 7:50, 8:50, 9:50.
    assert stations.write(tmp_path, 38, since, datetime(2026, 3, 10, 10, 30)) == 54 * 12 - 12 - 36 + 4 == 604
    # By noon: 72 slots × 12, nothing late any more, again 36 silent, six repeated; those that are there stay.
    assert stations.write(tmp_path, 38, since, UNTIL) == 72 * 12 - 36 + 6 - 604
    assert len(list(tmp_path.rglob("*.txt"))) == 834
    folder = tmp_path / "2026" / "03" / "10"
    assert (folder / "TH_KK_04_20260310065000.txt").read_bytes() == (
        folder / "TH_KK_04_20260310065030.txt"
    ).read_bytes()


def test_station_files__one_is_cut_inside_its_last_line(tmp_path: Path) -> None:
    whole = stations.lines(38, stations.STATIONS[0], UNTIL + timedelta(seconds=1), UNTIL).encode()
    cut = stations.half_uploaded(tmp_path, 38, UNTIL).read_bytes()
    assert whole.endswith(b"\r\n") and whole.startswith(cut) and len(whole) - len(cut) == 14


KAJIKI = [
    ("Giàng", datetime(2025, 8, 27, 7), 6.62),
    ("Kim Tân", datetime(2025, 8, 27, 7), 12.76),
    ("Lý Nhân", datetime(2025, 8, 27, 5), 11.87),
    ("Xuân Khánh", datetime(2025, 8, 27, 2), 9.65),
]


@pytest.mark.parametrize(("river", "at", "metres"), KAJIKI)
def test_storm_kajiki__peaks_as_published(river: str, at: datetime, metres: float) -> None:
    storm = [datetime(2025, 8, 25) + timedelta(hours=h) for h in range(96)]
    levels = {hour: hazards.river_level(38, river, hour) for hour in storm}
    assert max(levels.values()) == levels[at] == metres


def test_storm_kajiki__giang_at_one_and_three_on_the_26th() -> None:
    # 3.46 m at 01:00; two hours later its first alarm, 4.0 m
    assert [hazards.river_level(38, "Giàng", datetime(2025, 8, 26, h)) for h in (1, 3)] == [3.46, 4.0]


def test_reservoirs__every_fifth_small_one_reports_cubic_metres() -> None:
    small = [r for r in hazards.RESERVOIRS if r.name.startswith("Hồ minh họa")]
    assert len(small) == 30 and [i for i, r in enumerate(small) if r.in_m3] == [0, 5, 10, 15, 20, 25]
    row = next(r for r in hazards.reservoirs(38, UNTIL, UNTIL) if r["LakeName"] == "Hồ minh họa 06")
    # the sixth holds 1.5 + 5 × 0.4 = 3.5 million m³
    assert row["TkDungTich"] == 3_500_000
