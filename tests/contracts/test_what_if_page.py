"""The page of what goes wrong, the fault catalogue's ids and the tests that prove them are one list."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
IDS = {
    *(f"B{i}" for i in range(1, 9)),
    *(f"C{i}" for i in range(1, 11)),
    *(f"D{i}" for i in range(1, 8)),
    *(f"S{i}" for i in range(1, 7)),
}


def test_page__has_every_way_and_each_way_has_a_test() -> None:
    told = set(re.findall(r"^\| ([BCDS]\d+) \|", (ROOT / "docs" / "what-if.md").read_text(encoding="utf-8"), re.M))
    tests = "".join(p.read_text(encoding="utf-8") for p in sorted((ROOT / "tests" / "faults").glob("test_*.py")))
    proved = {one.upper() for one in re.findall(r"^def test_([bcds]\d+)__", tests, re.M)}
    assert len(IDS) == 31 and told == IDS and proved == IDS


def test_page__names_only_rules_that_exist() -> None:
    page = (ROOT / "docs" / "what-if.md").read_text(encoding="utf-8")
    known = "".join((ROOT / "quality" / name).read_text(encoding="utf-8") for name in ("baseline.py", "detectors.py"))
    named = {
        "key_conflicts",
        "clock",
        "no_future_event",
        "volume_min",
        "silently_empty",
        "stuck",
        "negative",
        "volume_change",
        "repeats",
        "missing_periods",
    }
    assert all(f"`{one}`" in page and f'"{one}"' in known for one in named)
