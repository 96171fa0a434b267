"""Macros of words, numbers and periods: each is rendered by itself and run in DuckDB against answers written by hand."""

from __future__ import annotations

import html
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from jinja2 import Environment

MACROS = Path(__file__).parents[2] / "dbt" / "macros"


def answer(file: str, call: str) -> object:
    """The value of one macro call; the macros of `file` see nothing of dbt."""
    text = (MACROS / f"{file}.sql").read_text(encoding="utf-8")
    sql = Environment().from_string(text + "\nselect {{ " + call + " }}").render().strip()
    with duckdb.connect() as con:
        rows = con.execute(sql).fetchall()
    assert len(rows) == 1
    return rows[0][0]


@pytest.mark.parametrize(
    ("value", "decimals", "words"),
    [
        ("1234.5", "1", "1.234,5"),
        ("1234567", "0", "1.234.567"),
        ("98.25", "1", "98,2"),  # to even on an exact half, as the C library prints
        ("-1234.56", "2", "-1.234,56"),
        ("0", "1", "0,0"),
        ("999.96", "1", "1.000,0"),
    ],
)
def test_vi_number__has_dots_for_thousands_and_a_comma(value: str, decimals: str, words: str) -> None:
    assert answer("vietnamese", f"vi_number('{value}', '{decimals}')") == words


def test_vi_number__of_nothing_is_nothing() -> None:
    assert answer("vietnamese", "vi_number('null::double', '1')") is None


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        ("null::double", "–"),
        ("0.4", "vừa xong"),
        ("1.0", "1 phút"),
        ("59.9", "59 phút"),
        ("60", "1 giờ"),
        ("2879", "47 giờ"),
        ("2880", "2 ngày"),
        ("14400", "10 ngày"),
    ],
)
def test_vi_age__is_said_in_the_unit_that_a_person_would_use(minutes: str, words: str) -> None:
    assert answer("vietnamese", f"vi_age('{minutes}')") == words


@pytest.mark.parametrize(
    ("kind", "key", "words", "ends"),
    [
        ("hour", "2025063023", "23:00 30/06/2025", datetime(2025, 6, 30, 17, tzinfo=UTC)),  # midnight in Thanh Hóa
        ("day", "20250630", "30/06/2025", datetime(2025, 6, 30, 17, tzinfo=UTC)),
        ("month", "202512", "tháng 12/2025", datetime(2025, 12, 31, 17, tzinfo=UTC)),
        ("quarter", "20254", "quý IV/2025", datetime(2025, 12, 31, 17, tzinfo=UTC)),
        ("quarter", "20251", "quý I/2025", datetime(2025, 3, 31, 17, tzinfo=UTC)),
        ("year", "2024", "năm 2024", datetime(2024, 12, 31, 17, tzinfo=UTC)),
    ],
)
def test_period__is_named_and_ends_on_the_provinces_clock(kind: str, key: str, words: str, ends: datetime) -> None:
    assert answer("vietnamese", f"""vi_period("'{kind}'", "'{key}'")""") == words
    assert answer("vietnamese", f"""period_end("'{kind}'", "'{key}'")""") == ends


def test_vi_time__is_the_provinces_clock() -> None:
    assert answer("vietnamese", """vi_time("timestamptz '2025-06-30 18:05:00+00'")""") == "01/07/2025 01:05"


@pytest.mark.parametrize(
    "hostile",
    ["<script>alert(1)</script>", '" onmouseover="x', "a & b &lt;", "</div><img src=x onerror=y>", "đạt ≥ 95"],
)
def test_html__leaves_no_tag_and_no_quote_and_says_the_same(hostile: str) -> None:
    quoted = f"'{hostile}'".replace('"', '\\"')
    safe = answer("html", f'html("{quoted}")')
    assert not set('<>"') & set(str(safe))
    assert html.unescape(str(safe)) == hostile


def test_html__of_nothing_is_empty_so_that_a_card_is_never_null() -> None:
    assert answer("html", "html('null')") == ""


def test_lines__of_two_numbers_or_none_are_not_drawn() -> None:
    assert answer("html", """sparkline('[1.0, 2.0]', "'#fff'")""") is None
    # x: 2, 2 + 112/2, 2 + 112; y: 25 at the least, 3 at the most, 14 half way
    assert answer("html", "svg_points('[0.0, 10.0, 5.0]')") == "2.0,25.0 58.0,3.0 114.0,14.0"
    assert answer("html", "svg_points('[7.0, 7.0, 7.0]')") == "2.0,14.0 58.0,14.0 114.0,14.0"
