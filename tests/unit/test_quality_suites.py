"""Extra suites: unknown keys refused with the nearest right one; what ships is valid."""

from __future__ import annotations

from pathlib import Path

import pytest

from quality import expectation
from quality.baseline import Relation
from quality.verdict import Judged, Result
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


NEVER = """
- relation: mart.fct_dossier_day
  rule: parts_within_whole
  never: n_online > n_received OR unit = 'a:b'
  severity: warn
  tier: 3
  reason: {vi: Trực tuyến không nhiều hơn tiếp nhận, en: Online is within received}
  loosened: {date: 2026-10-02, by: Trần Văn A, from: stop, why: nguồn chỉ gửi hồ sơ 30 ngày}
"""


def test_never__is_a_query_for_the_rows_that_must_not_be(tmp_path: Path) -> None:
    (one,) = suite(tmp_path, NEVER)
    assert (one.name, one.suite, one.tier) == ("parts_within_whole", "x.yml", 3)
    asked = one.kwargs["unexpected_rows_query"]
    assert asked == r"SELECT 1 AS broken FROM {batch} WHERE n_online > n_received OR unit = 'a\:b'"
    (whole,) = suite(tmp_path, NEVER.replace("n_online > n_received", "FROM {batch} GROUP BY unit HAVING n > 1"))
    assert whole.kwargs["unexpected_rows_query"].startswith("SELECT 1 AS broken FROM {batch} GROUP BY unit")


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ("2026-10-02", "2999-10-02", "in the future"),
        ("by: Trần Văn A, ", "", "loosened.by"),
        ("by: Trần Văn A", "by: ''", "loosened.by"),
        (", why: nguồn chỉ gửi hồ sơ 30 ngày", "", "loosened.why"),
        ("date: 2026-10-02", "date: hôm qua", "loosened.date"),
        ("tier: 3", "tier: 4", "tier"),
        ("never: n_online", "nevr: n_online", "did you mean 'never'?"),
    ],
)
def test_loosened__says_when_who_from_what_and_why(tmp_path: Path, right: str, wrong: str, complaint: str) -> None:
    assert right in NEVER and suite(tmp_path, NEVER)[0].loosened
    with pytest.raises(Fault) as refused:
        suite(tmp_path, NEVER.replace(right, wrong))
    assert refused.value.code == "IOC-420" and complaint in refused.value.why


@pytest.mark.parametrize(
    ("relation_tier", "own_tier", "severity", "said"),
    [(2, None, "stop", "PASS"), (2, 1, "stop", "FAIL"), (2, 1, "warn", "PASS"), (1, None, "stop", "FAIL"), (1, 2, "stop", "PASS")],
)  # fmt: skip
def test_tier__of_a_rule_decides_whether_its_stop_holds(
    tmp_path: Path, relation_tier: int, own_tier: int | None, severity: str, said: str
) -> None:
    (one,) = suite(tmp_path, NEVER)
    rule = one.model_copy(update={"tier": own_tier, "severity": severity})
    judged = Judged(Relation(rule.relation, relation_tier, "", (rule,)), (Result(rule, "FAIL"),))
    assert judged.holds == said


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
