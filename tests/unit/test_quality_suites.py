"""Extra suites: unknown keys refused with the nearest right one; what ships is valid."""

from __future__ import annotations

from pathlib import Path

import pytest

from quality import expectation
from warehouse.errors import Fault

GOOD = """
- relation: mart.dim_area
  expectation: expect_column_values_to_not_be_null
  kwargs: {column: area_name}
  severity: warn
  reason: {vi: Tên địa bàn không trống, en: Areas have names}
"""


def suite(tmp_path: Path, text: str) -> list[expectation.Expectation]:
    (tmp_path / "x.yml").write_text(text, encoding="utf-8")
    return expectation.suites(tmp_path)


def test_suites__are_read(tmp_path: Path) -> None:
    (one,) = suite(tmp_path, GOOD)
    assert (one.name, one.about, one.severity) == ("expect_column_values_to_not_be_null", "area_name", "warn")


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ("severity:", "severty:", "did you mean 'severity'?"),
        ("not_be_null", "not_be_nul", "did you mean 'expect_column_values_to_not_be_null'?"),
        ("severity: warn", "severity: wran", "did you mean 'warn'?"),
        ("mart.dim_area", "ops.secret", "relation"),
        ("en: Areas have names", "e: Areas have names", "reason.en"),
        (GOOD, "relation: mart.x", "a suite is a list"),
        (GOOD, "[unclosed", "not YAML"),
    ],
)
def test_suites__a_wrong_word_is_refused_with_file_and_nearest(
    tmp_path: Path, right: str, wrong: str, complaint: str
) -> None:
    with pytest.raises(Fault) as refused:
        suite(tmp_path, GOOD.replace(right, wrong))
    assert refused.value.code == "IOC-420" and "x.yml" in refused.value.what_en
    assert complaint in refused.value.why


def test_suites__that_ship_are_valid() -> None:
    assert len(expectation.suites()) >= 3
