"""The fifteen ready tests of the reference, §5: each has its place, and that place exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from quality import expectation

ROOT = Path(__file__).parents[2]
#: Number → what holds it: `rule` of the baseline, `suite` (its words end in the number), or a test.
READY: dict[int, list[str]] = {
    1: ["rule area_known", "test tests/dbt/test_spine.py::test_old_map_and_new_map__agree_on_totals_and_splits_are_marked"],
    2: ["rule province_area", "rule communes_ward", "rule communes_commune"],
    3: ["suite 2", "test tests/dbt/test_golden_governance.py"],
    4: ["suite 1", "test tests/e2e/test_whole_way.py"],
    5: ["suite 2", "test tests/unit/test_connector_files.py"],
    6: ["suite 1", "test tests/dbt/test_env_facts.py"],
    7: ["suite 2", "test tests/dbt/test_kajiki.py"],
    8: ["suite 3", "test tests/dbt/test_env_facts.py"],
    9: ["suite 2", "test tests/dbt/test_env_formulas.py"],
    10: ["suite 2", "rule numerator_within_denominator"],
    11: ["test tests/unit/test_suite_rules.py", "test tests/dbt/test_golden_society.py"],
    12: ["suite 2", "test tests/unit/test_clean_identifiers.py"],
    13: ["suite 1", "test tests/unit/test_clean_legacy.py"],
    14: ["suite 1", "rule period_key", "test tests/dbt/test_golden_quality.py"],
    15: ["test tests/dbt/test_suppress_small.py", "test tests/unit/test_personal_data_stays_out.py"],
}  # fmt: skip


@pytest.mark.parametrize("number", range(1, 16))
def test_ready__test_of_the_reference_is_where_the_guide_says(number: int) -> None:
    assert len(READY) == 15 and READY[number]
    baseline = (ROOT / "quality" / "baseline.py").read_text(encoding="utf-8")
    words = [one.reason.en for one in expectation.suites()]
    for kind, place in (entry.split(" ", 1) for entry in READY[number]):
        if kind == "rule":
            assert f'"{place}"' in baseline or re.sub(r"_(ward|commune)$", "_", place) in baseline, place
        elif kind == "suite":
            assert sum(f"(§5.{number})" in w for w in words) == int(place)
        else:
            file, _, name = place.partition("::")
            assert f"def {name or 'test_'}" in (ROOT / file).read_text(encoding="utf-8"), place


def test_guide__lists_all_fifteen() -> None:
    guide = (ROOT / "docs" / "analyst.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| (\d+) \|", guide, re.M) == [str(n) for n in range(1, 16)]
