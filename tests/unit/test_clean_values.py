"""Vietnamese numbers, dates and text: the SQL says what the Python reference says, and guesses nothing."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.clean import numbers, text
from ingestion.clean.cast import sql_cast
from ingestion.model import Column
from warehouse import connect

SYLLABLES = [
    "Thanh",
    "Hóa",
    "Hoà",
    "Đông",
    "Đồng",
    "Sơn",
    "Tiến",
    "Nghi",
    "Bỉm",
    "phường",
    "xã",
    "Ngọc Lặc",
    "Quảng Xương",
    "ươ",
    "ẫy",
    "ỹ",
]
vietnamese = st.lists(st.sampled_from(SYLLABLES), min_size=1, max_size=6).map(" ".join)


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Any:
    patch = pytest.MonkeyPatch()
    patch.setenv("IOC_HOME", str(tmp_path_factory.mktemp("clean")))
    with connect.scratch() as con:
        yield con
    patch.undo()


def sql(con: duckdb.DuckDBPyConnection, expression: str, value: object) -> Any:
    row = con.execute(f"SELECT {expression} FROM (SELECT ?::VARCHAR AS v)", [value]).fetchone()
    assert row is not None
    return row[0]


def cast(con: duckdb.DuckDBPyConnection, value: str, **column: Any) -> Any:
    return sql(con, sql_cast(Column(name="a", **column), "v", "Asia/Ho_Chi_Minh"), value)


@pytest.mark.parametrize(
    ("written", "kind", "format", "meant"),
    [
        ("1.234,56", "decimal", "vi_number", Decimal("1234.56")),
        ("45.000", "integer", "vi_number", 45000),
        ("27,0%", "double", "vi_number", 27.0),
        ("-3", "integer", "vi_number", -3),
        ("12 345", "integer", "vi_number", 12345),
        ("1.23", "decimal", "vi_number", None),  # not a thousands group: no number in Vietnamese
        ("1,234.5", "decimal", "vi_number", None),
        ("1,234.5", "decimal", "en_number", Decimal("1234.5")),
        ("3.7", "integer", None, None),  # never rounded
        ("nan", "double", None, None),
        ("∞", "double", None, None),
        ("1e400", "double", None, None),
        ("", "double", None, None),
    ],
)
def test_numbers__mean_what_their_declared_format_says(
    con: Any, written: str, kind: str, format: str | None, meant: Any
) -> None:
    assert cast(con, written, type=kind, format=format) == meant


@settings(max_examples=60, deadline=None)
@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2), st.sampled_from(["vi_number", "en_number"]))
def test_numbers__survive_being_written_and_read(con: Any, value: Decimal, format: str) -> None:
    written = f"{value:,.2f}"
    if format == "vi_number":
        written = written.translate(str.maketrans(",.", ".,"))
    assert numbers.parse(written, format) == value
    assert cast(con, written, type="decimal", format=format) == value


@settings(max_examples=100, deadline=None)
@given(st.text("0123456789.,% -", max_size=12), st.sampled_from(["vi_number", "en_number"]))
def test_numbers__in_sql_and_in_python_agree_on_any_text(con: Any, written: str, format: str) -> None:
    said = sql(con, numbers.sql("v", format, "DECIMAL(28,6)"), written)
    assert said == numbers.parse(written, format)


def test_nulls__are_no_zero_and_no_error(con: Any) -> None:
    for word in ("KPH", "-", "x"):
        assert cast(con, word, type="double", nulls=["KPH", "-", "x"]) is None


@pytest.mark.parametrize(
    ("written", "format", "meant"),
    [
        ("25/07/2025", "dd/MM/yyyy", date(2025, 7, 25)),
        ("5/3/2025", "dd/MM/yyyy", date(2025, 3, 5)),
        ("2025-03-05 00:00:00", "dd/MM/yyyy", date(2025, 3, 5)),  # a real date of a workbook
        ("31/02/2025", "dd/MM/yyyy", None),
        ("29/02/2024", "dd/MM/yyyy", date(2024, 2, 29)),
        ("13/25/2025", "dd/MM/yyyy", None),
        ("25/07/25", "dd/MM/yyyy", None),
        ("20260715", "yyyyMMdd", date(2026, 7, 15)),
        ("infinity", "iso", None),
        ("0000-00-00", "iso", None),
        ("45731", "excel_serial", date(2025, 3, 15)),
    ],
)
def test_dates__are_days_of_the_calendar_or_nothing(con: Any, written: str, format: str, meant: date | None) -> None:
    assert cast(con, written, type="date", format=format) == meant


@settings(max_examples=60, deadline=None)
@given(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)).map(lambda d: d.replace(microsecond=0)))
def test_times__without_a_zone_are_local(con: Any, local: datetime) -> None:
    instant = (local - timedelta(hours=7)).replace(tzinfo=UTC)
    millis = int(instant.timestamp() * 1000)
    for written, format in (
        (f"{local:%Y%m%d%H%M%S}", "yyyyMMddHHmmss"),
        (f"/Date({millis})/", "dotnet_date"),
        (str(millis), "epoch_ms"),
        (f"{local:%Y-%m-%d %H:%M:%S}", None),
        (f"{instant:%Y-%m-%dT%H:%M:%SZ}", None),
    ):
        assert cast(con, written, type="timestamp", format=format) == instant, written


@settings(max_examples=100, deadline=None)
@given(vietnamese)
def test_repair__undoes_double_encoding_and_leaves_sound_text(sound: str) -> None:
    broken = "".join(
        chr(b) if b in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else bytes([b]).decode("cp1252") for b in sound.encode()
    )
    assert text.repaired(sound) == sound
    assert text.repaired(broken) == sound
    fixed, count = text.repair(pa.array([broken, sound, None]))
    assert fixed.to_pylist() == [sound, sound, None] and count == (broken != sound)


@settings(max_examples=100, deadline=None)
@given(vietnamese, st.sampled_from(["NFC", "NFD"]))
def test_match_key__in_sql_is_that_of_python(con: Any, name: str, form: Any) -> None:
    written = unicodedata.normalize(form, f"  Phường  {name}")
    assert sql(con, text.sql_match_key("v"), written) == text.match_key(written)


def test_match_key__folds_tone_places_but_never_accents() -> None:
    assert text.match_key("P. Thiệu Hoá") == text.match_key("phường thiệu Hóa")
    assert text.match_key("Đông Tiến") != text.match_key("Đồng Tiến")
