"""Vietnamese numbers, dates and text: the SQL says what the Python reference says, and guesses nothing."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.clean import dates, numbers, text
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
@given(st.text("0123456789.,% -()eE_", max_size=12), st.sampled_from(sorted(numbers.FORMATS)))
def test_numbers__in_sql_and_in_python_agree_on_any_text(con: Any, written: str, format: str) -> None:
    said = sql(con, numbers.sql("v", format, "DECIMAL(28,6)"), written)
    meant = numbers.parse(written, format)
    if meant is not None and abs(meant) >= 10**22:  # more than the type holds
        meant = None
    assert said == meant or (said is not None and meant is not None and abs(said - meant) <= Decimal("0.000001"))


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


def test_match_key__folds_every_tone_on_oa_oe_uy_in_any_case(con: Any) -> None:
    olds, news = "òa óa ỏa õa ọa òe óe ỏe õe ọe ùy úy ủy ũy ụy", "oà oá oả oã oạ oè oé oẻ oẽ oẹ uỳ uý uỷ uỹ uỵ"
    assert len(olds.split()) == 15
    for old, new in zip(olds.split(), news.split(), strict=True):
        for case in (str.lower, str.upper, str.title):
            keys = {sql(con, text.sql_match_key("v"), case(f"h{rime}")) for rime in (old, new)}
            assert keys == {text.match_key(case(f"h{old}"))} == {f"h{new}"}
    for word in ("thuở", "quý", "khuỷu", "hoàn", "nguyễn", "thúy" + "nga", "chùa", "mùa"):
        assert len(text.match_key(word)) == len(word)
    assert text.match_key("Quý") == text.match_key("Qúy") == "quý" and text.match_key("chùa") == "chùa"


@pytest.mark.parametrize(
    ("written", "kind", "format", "meant"),
    [
        ("(1.234)", "integer", "vi_accounting", -1234),
        ("1.234,5", "decimal", "vi_accounting", Decimal("1234.5")),
        ("(1.234)", "integer", "vi_number", None),
        ("(1.234", "integer", "vi_accounting", None),
        ("1,2 tỷ", "decimal", "vi_number", None),
        ("1.23E+11", "integer", None, None),  # the spreadsheet has lost the digits already
        ("1.23E+11", "integer", "scientific", 123000000000),
        ("1e-05", "double", None, 0.00001),
        ("1_000", "integer", None, None),
        ("KPH", "double", None, None),
        ("-", "double", "vi_number", None),
    ],
)
def test_numbers__have_brackets_and_exponents_only_where_declared(
    con: Any, written: str, kind: str, format: str | None, meant: Any
) -> None:
    assert cast(con, written, type=kind, format=format) == meant


@pytest.mark.parametrize(
    ("written", "format", "local"),
    [
        ("24:00 31/12/2025", "HH:mm dd/MM/yyyy", "2026-01-01 00:00"),
        ("31/12/2025 24:00:00", "dd/MM/yyyy HH:mm:ss", "2026-01-01 00:00"),
        ("20251231240000", "yyyyMMddHHmmss", "2026-01-01 00:00"),
        ("2025-12-31 24:00:00", "iso", "2026-01-01 00:00"),
        ("24:30 31/12/2025", "HH:mm dd/MM/yyyy", None),
        ("7h30 ngày 15/11/2026", "HH'h'mm ngày dd/MM/yyyy", "2026-11-15 07:30"),
        ("24h00 ngày 28/2/2026", "HH'h'mm ngày dd/MM/yyyy", "2026-03-01 00:00"),
        ("7h30 ngày 15/11/26", "HH'h'mm ngày dd/MM/yyyy", None),
        ("03/04/2026", "MM/dd/yyyy", "2026-03-04 00:00"),
        ("03/04/2026", "dd/MM/yyyy", "2026-04-03 00:00"),
        ("13/04/2026", "MM/dd/yyyy", None),  # never turned round
        ("1775192400", "epoch_s", "2026-04-03 12:00"),
    ],
)
def test_times__are_read_as_declared_and_24_00_ends_the_day(
    con: Any, written: str, format: str, local: str | None
) -> None:
    meant = datetime.fromisoformat(f"{local}+07:00").astimezone(UTC) if local else None
    assert cast(con, written, type="timestamp", format=format) == meant


PERIODS = {
    "20262": ["Quý II/2026", "Quý 2 năm 2026", "quý II năm 2026", "Q2/2026", "QUÝ II - 2026", "2026-Q2", "2026q2", "20262"],
    "20264": ["Quý IV/2026", "Qúy IV/2026", "Quy 4/2026"],
    "202603": ["Tháng 3/2026", "tháng 03 năm 2026", "T3/2026", "Tháng Ba năm 2026", "3/2026", "03-2026", "2026-03", "202603"],
    "202605": ["Tháng năm năm 2026", "tháng 5/2026"],
    "202612": ["Tháng mười hai năm 2026", "12/2026"],
    "2026": ["Năm 2026", "2026", " nam 2026 "],
    "2026-6T": ["6 tháng đầu năm 2026", "06 THÁNG ĐẦU NĂM 2026", "6 thang dau nam 2026", "2026-6T", "2026-6t", "6T/2026"],
    "2026-9T": ["9 tháng đầu năm 2026", "9T năm 2026"],
}  # fmt: skip
NO_PERIODS = """Quý V/2026; Quý II/26; Quý I-II/2026; Quý II; Tháng 13/2026; 6 tháng cuối năm 2026; 6 tháng năm 2026; 13/2026; 20265;
    202613; Tháng giêng năm 2026; 1 tháng đầu năm 2026; 12 tháng đầu năm 2026; 2026-12T; Năm 26; năm nay; 12T/2026; 6T; 9 tháng đầu năm; 15/03/2026; 3026"""


def test_period__has_one_key_however_it_is_written(con: Any) -> None:
    written = [(form, key) for key, forms in PERIODS.items() for form in forms]
    assert len(written) == 34
    assert [(form, cast(con, form, type="text", format="period")) for form, _ in written] == written
    for form in NO_PERIODS.split(";"):
        assert cast(con, form.strip(), type="text", format="period") is None, form


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(
        st.text(max_size=15), st.from_regex(r"(quý|tháng|năm|q|t)? ?[0-9ivIV]{1,6}[/ -][0-9]{2,5}t?", fullmatch=True)
    )
)
def test_period__is_a_key_or_nothing(con: Any, written: str) -> None:
    key = cast(con, written.replace("\x00", ""), type="text", format="period")
    assert key is None or re.fullmatch(r"(19|20)\d\d([1-4]|0[1-9]|1[0-2]|-([2-9]|1[01])T)?", key)
    assert key is None or cast(con, key, type="text", format="period") == key


@settings(max_examples=150, deadline=None)
@given(st.text("0123456789/:h ngày-T", max_size=20), st.sampled_from(sorted(dates.FORMATS)))
def test_dates__in_any_format_read_any_text(con: Any, written: str, format: str) -> None:
    for kind in ("date", "timestamp"):
        cast(con, written, type=kind, format=format)
