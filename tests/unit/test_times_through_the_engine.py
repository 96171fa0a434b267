"""One moment, written as sector systems write it, is one moment in the raw table, and in the period it belongs to."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import made_up_source as made_up
import pytest
from made_up_source import ask, declare, pull, stored

from ingestion.model import Source

pytestmark = pytest.mark.usefixtures("ioc_home")
#: The last half hour of the third quarter in Thanh Hóa, which is the afternoon in UTC.
MOMENT, DAY = datetime(2026, 9, 30, 16, 30, tzinfo=UTC), date(2026, 9, 30)
#: The first half hour of the fourth: in UTC it is still September.
NEXT = date(2026, 10, 1)


def zoned(zone: str, kind: str, format: str | None, **table: Any) -> Source:
    columns = [{"name": "ma", "type": "text"}, {"name": "luc", "type": kind, "format": format}]
    one = declare(cursor=None, columns=columns, **table)
    return one.model_copy(update={"time_zone": zone})


@pytest.mark.parametrize(
    ("zone", "format", "written"),
    [
        ("Asia/Ho_Chi_Minh", None, ["2026-09-30 23:30:00", "2026-09-30T16:30:00Z", "2026-09-30T18:30:00+02:00"]),
        ("UTC", None, ["2026-09-30 16:30:00", "2026-09-30T23:30:00+07:00", "2026-09-30T16:30:00.000Z"]),
        ("Asia/Ho_Chi_Minh", "dd/MM/yyyy HH:mm", ["30/09/2026 23:30", "30/9/2026 23:30", "2026-09-30T16:30:00Z"]),
        ("Asia/Ho_Chi_Minh", "yyyyMMddHHmmss", ["20260930233000"]),
        ("UTC", "yyyyMMddHHmmss", ["20260930163000"]),
        ("UTC", "dotnet_date", ["/Date(1790785800000)/", "/Date(1790785800000+0700)/"]),
        ("Asia/Ho_Chi_Minh", "epoch_ms", ["1790785800000"]),
        ("Asia/Ho_Chi_Minh", "excel_serial", ["46295.979166666664"]),
        ("UTC", "excel_serial", ["46295.6875"]),
        ("UTC", None, [datetime(2026, 9, 30, 16, 30)]),
        ("Asia/Ho_Chi_Minh", None, [datetime(2026, 9, 30, 23, 30)]),
        ("UTC", None, [MOMENT]),
    ],
)
def test_moment__is_the_same_however_it_is_written(zone: str, format: str | None, written: list[Any]) -> None:
    (loaded,) = pull(zoned(zone, "timestamp", format), [{"ma": str(i), "luc": said} for i, said in enumerate(written)])
    assert loaded.rows_loaded == len(written) > 0
    assert [luc for (luc,) in stored("luc")] == [MOMENT] * len(written)


@pytest.mark.parametrize(
    ("format", "written", "day"),
    [
        (None, "2026-09-30", DAY),
        (None, "2026-09-30T17:30:00Z", NEXT),
        (None, "2026-10-01T00:30:00+07:00", NEXT),
        ("dd/MM/yyyy", "30/09/2026", DAY),
        ("dd/MM/yyyy", "2026-09-30T17:30:00Z", NEXT),
        ("dotnet_date", "/Date(1790789400000)/", NEXT),
        ("excel_serial", "46295", DAY),
    ],
)
def test_day__is_the_day_in_the_zone_of_the_source(format: str | None, written: str, day: date) -> None:
    pull(zoned("Asia/Ho_Chi_Minh", "date", format), [{"ma": "A", "luc": written}])
    assert stored("luc") == [(day,)]


def test_period__of_any_office_is_one_key_and_one_without_its_year_waits_in_quarantine() -> None:
    said = ["Quý II/2026", "9 tháng đầu năm 2026", "Tháng 02/2026", "6T/2026", "9 tháng đầu năm"]
    (loaded,) = pull(zoned("UTC", "text", "period"), [{"ma": str(i), "luc": one} for i, one in enumerate(said)])
    assert (loaded.rows_loaded, loaded.rows_quarantined) == (4, 1)
    assert ask("SELECT luc FROM raw.so_thu_nghiem__ho_so ORDER BY ma") == [("20262",), ("2026-9T",), ("202602",), ("2026-6T",)]  # fmt: skip


def test_late_rows__land_in_the_month_they_happened_in_whatever_pull_brings_them() -> None:
    source = zoned("UTC", "timestamp", None, mode="append", event_time="luc", primary_key=["ma", "luc"])
    source = source.model_copy(update={"tables": [source.tables[0].model_copy(update={"cursor": "luc", "lag": "3d"})]})
    pull(source, [{"ma": "A", "luc": "2026-10-02 00:00:00"}])
    pull(source, [{"ma": "A", "luc": "2026-10-01 00:00:00"}, {"ma": "A", "luc": "2026-09-30 16:30:00"}])
    assert made_up.requests[-1].since == "2026-09-29T00:00:00+00:00", "three days before the newest"
    months = "SELECT strftime(luc AT TIME ZONE 'Asia/Ho_Chi_Minh', '%Y%m') AS thang, count(*) FROM raw.so_thu_nghiem__ho_so GROUP BY 1 ORDER BY 1"
    assert ask(months) == [("202609", 1), ("202610", 2)]
    pull(source, [{"ma": "A", "luc": "2026-09-30 16:30:00"}])
    assert ask(months) == [("202609", 1), ("202610", 2)]
