"""Five faults that no rule about a row can see are caught by what follows from the declaration alone.

Each is pulled through the engine, contract and ledger, then judged by Great Expectations. The same source without the fault
passes every detector, so that none of them cries wolf.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import made_up_source as made_up
import pytest
from made_up_source import declare, file_chunk

from ingestion import registry
from ingestion.extract import extract
from ingestion.load import load, record_pull
from ingestion.model import Source
from quality import baseline, judge
from quality.detectors import EMPTY
from warehouse import connect

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("ioc_home")]
NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
DETECTORS = {"silently_empty", "clock", "unit", "places", "repeats", "stuck", "negative", "missing_periods"}
COLUMNS = [
    {"name": "ma", "type": "text"},
    {"name": "luc", "type": "timestamp"},
    {"name": "so", "type": "double"},
    {"name": "nhiet", "type": "double", "unit": "°C"},
    {"name": "ghi_chu", "type": "text", "empty_max": 1},
    {"name": "vi_do", "type": "double"},
    {"name": "kinh_do", "type": "double"},
]
STATIONS = 10


def source(**table: Any) -> Source:
    return declare(
        **{"primary_key": ["ma", "luc"], "event_time": "luc", "mode": "append", "cursor": None, "columns": COLUMNS}
        | table
    )


def reading(station: int, hours_ago: int) -> dict[str, Any]:
    """What a healthy station sends: its own level, warm at 14 h in Thanh Hóa, at its own place, never the same twice."""
    at = NOW - timedelta(hours=hours_ago)
    local = (at + timedelta(hours=7)).hour
    return {
        "ma": f"T{station}",
        "luc": at,
        "so": 20 + station + 5 * math.sin(hours_ago * 1.7 + station) + hours_ago % 7,
        "nhiet": 27 + 5 * math.cos((local - 14) / 24 * 2 * math.pi) + 0.1 * math.sin(hours_ago * 3.1 + station),
        "ghi_chu": None,
        "vi_do": 19.5 + station * 0.07,
        "kinh_do": 105.0 + station * 0.06,
    }


def healthy(days: int = 5) -> list[dict[str, Any]]:
    return [reading(s, h) for s in range(STATIONS) for h in range(1, 24 * days + 1)]


def found(one: Source, *batches: Any) -> dict[str, str]:
    """Pull, judge, and give what each detector that failed says."""
    made_up.offered.clear()
    made_up.offered[one.tables[0].name] = batches
    done = load(extract(one, run_id="run"), holder="test")
    assert sum(loaded.rows_in for loaded in done) > 0
    with connect.writer("test") as con:
        registry.sync(con, registry.Registry({one.id: one}, {one.id: made_up_path()}))
        record_pull(con, run_id="run", source_id=one.id, started_at=NOW, status="ok")
    with connect.intake() as con:
        relations = baseline.raw_relations(con)
    (judged,) = judge.ask(connect.intake_path(), relations)
    results = judge.in_words(judged).results
    wanted = DETECTORS if one.tables[0].event_time else {"clock"}
    assert {r.expectation.name for r in results} >= wanted, "every detector was asked"
    assert not [r for r in results if r.outcome == "ERROR"]
    failed = {r.expectation.name: r.observed for r in results if r.outcome == "FAIL"}
    failed.pop("events_move", None)  # most of these rows are old on purpose
    return failed


def made_up_path() -> Any:
    from pathlib import Path

    return Path("thu/so_thu_nghiem.yml")


def test_healthy_rows__pass_every_detector() -> None:
    assert found(source(), healthy()) == {}


def test_rows_silently_empty__are_caught() -> None:
    rows = [r | ({"so": None} if i % 3 == 0 else {}) for i, r in enumerate(healthy())]
    assert found(source(), rows) == {"silently_empty": f"so: 33 % dòng trống (được phép {EMPTY * 100:.0f} %)"}


@pytest.mark.parametrize("nothing", ["-", "N/A", "không có", "  "])
def test_words_for_nothing__count_as_empty(nothing: str) -> None:
    columns = [c | {"type": "text"} if c["name"] == "so" else c for c in COLUMNS]
    rows = [r | {"so": nothing if i % 3 == 0 else "tốt"} for i, r in enumerate(healthy())]
    assert list(found(source(columns=columns), rows)) == ["silently_empty"]


@pytest.mark.parametrize("nothing", [0, -9999])
def test_a_loggers_number_for_nothing__counts_as_empty(nothing: int) -> None:
    rows = [r | ({"so": nothing} if i % 3 == 0 else {}) for i, r in enumerate(healthy())]
    assert list(found(source(), rows)) == ["silently_empty"]


def test_counts_that_are_often_zero__are_no_fault() -> None:
    rows = [r | {"so": (i * 7919) % 40 if i % 3 else 0} for i, r in enumerate(healthy())]
    assert found(source(), rows) == {}


def test_a_new_extract_that_is_empty__is_caught_among_many_old_rows() -> None:
    one = source()
    assert found(one, [r for r in healthy() if r["luc"] < NOW - timedelta(hours=10)]) == {}
    new = [reading(s, h) | {"so": None} for s in range(STATIONS) for h in range(1, 10)]
    assert found(one, new) == {"silently_empty": "so: 8 % dòng trống, lần kéo mới nhất 100 % (được phép 20 %)"}


def test_times_seven_hours_ahead__are_caught_while_they_are_new() -> None:
    rows = [r | {"luc": r["luc"] + timedelta(hours=7)} for r in healthy()]
    said = found(source(), rows)
    assert {"clock", "no_future_event"} == set(said)
    # Ten stations, six hours but one of slack; an hour less where the clock has struck since the rows were made.
    assert said["clock"].startswith(
        ("50 dòng có thời điểm sau lúc được kéo về", "40 dòng có thời điểm sau lúc được kéo về")
    )


def test_times_seven_hours_ahead__are_caught_in_old_rows_by_the_suns_clock() -> None:
    rows = [r | {"luc": r["luc"] + timedelta(hours=7) - timedelta(days=400)} for r in healthy()]
    assert found(source(), rows) == {"clock": "nhiet: cao nhất lúc 21 giờ, không thể là giờ địa phương"}


@pytest.mark.parametrize(("ahead", "caught"), [(0, set()), (7, {"clock"}), (-7, {"clock"})])
def test_office_hours__belong_to_the_day(ahead: int, caught: set[str]) -> None:
    """Dossiers come in from 7 to 17 h; seven hours on, the counter seems to be open at night."""
    day = datetime(2026, 3, 2, tzinfo=UTC)
    rows = []
    for i in range(400):
        at = day + timedelta(days=i // 10, hours=i % 10, minutes=(i * 37) % 60)  # 0 h UTC = 7 h in Thanh Hóa
        rows.append(reading(1, 1) | {"ma": f"H{i}", "luc": at + timedelta(hours=ahead), "so": i % 97 + 1.5})
    columns = [c for c in COLUMNS if c["name"] not in ("nhiet", "vi_do", "kinh_do")]
    places = [c | {"type": "double"} for c in COLUMNS if c["name"] in ("vi_do", "kinh_do")]
    for i, row in enumerate(rows):
        row |= {"vi_do": 19.5 + i * 0.001, "kinh_do": 105 + i * 0.002}
    assert set(found(source(columns=columns + places, primary_key=["ma"]), rows)) == caught


def test_office_hours__are_judged_in_a_draft_that_names_no_event_time() -> None:
    rows = [
        {
            "ma": f"H{i}",
            "luc": datetime(2026, 3, 2, 7 + i % 10, i % 60, tzinfo=UTC) + timedelta(days=i // 10),
            "so": i % 97 + 1.5,
        }
        | {"nhiet": 20 + i % 7, "ghi_chu": None, "vi_do": 19.5 + i * 0.001, "kinh_do": 105 + i * 0.002}
        for i in range(400)
    ]  # 7 h UTC is 14 h in Thanh Hóa: the zone was lost
    said = found(source(primary_key=["ma"], event_time=None), rows)
    assert said == {"clock": "các dòng dồn quanh 19 giờ, ngoài giờ sinh hoạt"}


def test_two_times_of_a_row_seven_hours_apart__are_caught() -> None:
    rows = [r | {"nhan": r["luc"] - timedelta(hours=7, seconds=i % 50)} for i, r in enumerate(healthy())]
    said = found(source(columns=[*COLUMNS, {"name": "nhan", "type": "timestamp"}]), rows)
    assert said == {"clock": "nhan lệch -7.0 giờ so với thời điểm của dòng"}


@pytest.mark.parametrize("factor", [1000, 0.001])
def test_a_unit_off_by_a_thousand__is_caught_within_a_series(factor: float) -> None:
    rows = [r | ({"so": r["so"] * factor} if r["luc"] > NOW - timedelta(hours=6) else {}) for r in healthy()]
    assert found(source(), rows) == {"unit": "so: 50 giá trị lệch cỡ 1.000 lần so với chuỗi của nó"}


def test_a_unit_off_by_a_thousand__is_caught_in_one_station_from_its_first_row() -> None:
    rows = [r | ({"so": r["so"] * 1000} if r["ma"] == "T3" else {}) for r in healthy()]
    assert found(source(), rows) == {"unit": "so: 1 chuỗi lệch cỡ 1.000 lần so với các chuỗi cùng loại"}


def test_a_unit_off_by_a_thousand__is_caught_in_a_whole_source_by_what_can_be() -> None:
    rows = [r | {"nhiet": r["nhiet"] * 1000} for r in healthy()]
    assert found(source(), rows) == {"unit": "nhiet: 1200 giá trị không thể có ở đơn vị này"}


def test_a_unit_off_by_a_thousand__is_caught_in_a_draft_by_the_columns_name() -> None:
    columns = [*COLUMNS, {"name": "pm25", "type": "double"}]
    assert found(source(columns=columns), [r | {"pm25": r["so"]} for r in healthy(1)]) == {}
    said = found(source(columns=columns, name="khac"), [r | {"pm25": r["so"] * 1000} for r in healthy(1)])
    assert said == {"unit": "pm25: 240 giá trị không thể có ở đơn vị này"}


def test_amounts_of_every_size__are_no_wrong_unit() -> None:
    """Populations, prices and projects run over six powers of ten without a gap."""
    rows = [r | {"so": 10 ** (((i * 7919) % 600) / 100)} for i, r in enumerate(healthy())]
    assert "unit" not in found(source(), rows)


def test_stations_on_one_point__are_caught() -> None:
    rows = [r | {"vi_do": 20.1, "kinh_do": 105.9} for r in healthy()]
    assert found(source(), rows) == {"places": "10 trong 10 vị trí là cùng một điểm"}


def test_stations_on_the_centroid__are_caught_even_a_little_apart() -> None:
    with connect.writer("test") as con:
        con.execute("CREATE SCHEMA IF NOT EXISTS raw")
        con.execute("CREATE TABLE raw.vietnamadminunits_dvhc__don_vi_moi AS SELECT 20.05 AS vi_do, 105.3 AS kinh_do")
    rows = [r | {"vi_do": 20.05 + i % 10 * 1e-4, "kinh_do": 105.3 + i % 10 * 1e-4} for i, r in enumerate(healthy(1))]
    rows = [r | {"vi_do": 20.05 + int(r["ma"][1:]) * 1e-4, "kinh_do": 105.3} for r in rows]
    assert found(source(), rows) == {"places": "10 trong 10 vị trí nằm ở tâm của tỉnh"}


@pytest.mark.parametrize(
    "written", ["20.05, 105.31", "POINT (105.31 20.05)", '{"type": "Point", "coordinates": [105.31, 20.05]}']
)
def test_points_in_one_text__are_places_too(written: str) -> None:
    columns = [*[c for c in COLUMNS if c["name"] not in ("vi_do", "kinh_do")], {"name": "toa_do", "type": "text"}]
    assert found(source(columns=columns), [r | {"toa_do": written} for r in healthy(1)]) == {
        "places": "10 trong 10 vị trí là cùng một điểm"
    }


def test_coordinates_that_are_swapped__are_outside_the_province() -> None:
    rows = [r | {"vi_do": r["kinh_do"], "kinh_do": r["vi_do"]} for r in healthy(1)]
    assert found(source(), rows) == {"places": "10 trong 10 vị trí nằm ngoài tỉnh"}


def test_yesterdays_values_under_todays_dates__are_caught() -> None:
    rows = {(r["ma"], r["luc"]): r for r in healthy()}
    today = [r for r in rows.values() if r["luc"] + timedelta(hours=7) >= midnight()]
    for r in today:
        r |= {k: rows[r["ma"], r["luc"] - timedelta(days=1)][k] for k in ("so", "nhiet")}
    said = found(source(), list(rows.values()))
    assert list(said) == ["repeats"]
    assert f"{len(today)} trong {len(today)} số đo y hệt ngày trước" in said["repeats"]


def midnight() -> datetime:
    """Local midnight of the newest whole morning, as the same instant with the local offset added."""
    local = NOW + timedelta(hours=7)
    start = local.replace(hour=0)
    return start if local.hour >= 3 else start - timedelta(days=1)


def test_yesterdays_file_under_a_new_name__is_caught() -> None:
    one = source()
    rows = healthy(1)
    assert found(one, file_chunk("ngay_22.csv", rows, "aa")) == {}
    said = found(one, file_chunk("ngay_23.csv", rows, "aa"))
    assert said == {
        "repeats": f"1 tệp có nội dung y hệt một tệp khác; lần kéo mới nhất: cả {len(rows)} dòng của tệp mới đều đã có từ trước"
    }


# --- and three more -----------------------------------------------------------------------------------------------------


def test_a_stuck_sensor__is_caught_while_its_like_moves() -> None:
    rows = [r | ({"so": 23.4} if r["ma"] == "T4" and r["luc"] > NOW - timedelta(hours=30) else {}) for r in healthy()]
    assert found(source(), rows) == {"stuck": "so: 1 trong 10 chuỗi đứng yên ở một giá trị"}


def test_levels_that_hardly_ever_move__are_not_stuck() -> None:
    rows = [r | {"so": float(int(r["ma"][1:]))} for r in healthy()]
    assert "stuck" not in found(source(), rows)


def test_a_few_values_below_zero__are_caught() -> None:
    rows = [r | ({"so": -3.5} if i in (40, 700) else {}) for i, r in enumerate(healthy())]
    assert found(source(), rows) == {"negative": "so: 2 giá trị âm"}


def monthly(missing: set[tuple[int, int]], years: int = 3) -> list[dict[str, Any]]:
    months = [(2021 + m // 12, m % 12 + 1) for m in range(12 * years)]
    return [
        {"nam": y, "thang": m, "ma": f"X{x}", "so": 100 + 7 * x + (y * 12 + m) % 11 + x / 7}
        for y, m in months
        if (y, m) not in missing
        for x in range(8)
    ]


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        (set(), None),
        ({(2022, 5)}, "không có dòng nào của tháng 5/2022"),
        ({(2022, m) for m in range(1, 13)}, "không có dòng nào của tháng 1/2022, tháng 2/2022, tháng 3/2022, tháng 4/2022, tháng 5/2022, tháng 6/2022, …"),
    ],
)  # fmt: skip
def test_a_month_or_a_year_that_never_came__is_caught(missing: set[tuple[int, int]], said: str | None) -> None:
    """A count of rows does not see it: two thirds of three years are still many rows."""
    columns = [{"name": n, "type": "integer"} for n in ("nam", "thang")] + [
        {"name": "ma", "type": "text"},
        {"name": "so", "type": "double"},
    ]
    one = declare(primary_key=["nam", "thang", "ma"], cursor=None, mode="append", columns=columns, volume={"min": 100})
    made_up.offered.clear()
    made_up.offered["ho_so"] = [monthly(missing)]
    load(extract(one, run_id="run"), holder="test")
    with connect.writer("test") as con:
        registry.sync(con, registry.Registry({one.id: one}, {one.id: made_up_path()}))
        record_pull(con, run_id="run", source_id=one.id, started_at=NOW, status="ok")
    with connect.intake() as con:
        relations = baseline.raw_relations(con)
    (judged,) = judge.ask(connect.intake_path(), relations)
    results = {r.expectation.name: r for r in judge.in_words(judged).results if r.outcome == "FAIL"}
    assert {n: r.observed for n, r in results.items()} == ({"missing_periods": said} if said else {})


def test_two_rows_of_one_key_that_differ__are_counted_and_told() -> None:
    rows = healthy(2)
    said = found(source(), [*rows, *[r | {"so": r["so"] + 1} for r in rows[:3]], *rows[5:9]])
    assert said == {"key_conflicts": "3 dòng cùng khóa với dòng khác nhưng khác giá trị, chỉ một được giữ"}
