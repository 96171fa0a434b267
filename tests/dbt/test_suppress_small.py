"""Communes with one to four are hidden, never one alone, and the sum stays: by hand, and for counts drawn by chance."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest
from jinja2 import Environment

MACRO = Path(__file__).parents[2] / "dbt" / "macros" / "suppress_small.sql"
Counts = list[tuple[str | None, int]]


def suppressed(counts: Counts) -> Counts:
    """What the macro leaves of communes and their counts, in one period."""
    text = MACRO.read_text(encoding="utf-8")
    sql = Environment().from_string(text + "{{ suppress_small('held', 'period', 'n') }}").render()
    with duckdb.connect() as con:
        con.execute("CREATE TABLE held (period VARCHAR, area_code VARCHAR, n INTEGER)")
        con.executemany("INSERT INTO held VALUES ('2025', ?, ?)", counts)
        return con.execute(f"SELECT area_code, n FROM ({sql}) ORDER BY ALL").fetchall()


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ([("A", 5), ("B", 9)], {"A", "B"}),
        ([("A", 4), ("B", 9), ("C", 6)], {"B"}),  # A alone could be told from the sum: C goes with it
        ([("A", 4), ("B", 9), ("C", 1)], {"B"}),  # two hide one another
        ([("A", 0), ("B", 9), ("C", 6)], {"A", "B", "C"}),  # nobody is nobody's secret
        ([("A", 0), ("B", 9), ("C", 3)], {"A"}),
        ([("A", 4)], set()),
        ([(None, 2), ("A", 5)], {"A"}),  # a row without a commune names nobody
        ([(None, 2), ("A", 5), ("B", 3), ("C", 7)], {"C"}),
    ],
)
def test_suppress_small__leaves_these_communes_named(counts: Counts, shown: set[str]) -> None:
    assert {area for area, _ in suppressed(counts) if area} == shown


def test_suppress_small__hides_one_to_four_never_one_alone_and_keeps_the_sum() -> None:
    rng, hid = np.random.default_rng(38), 0
    for _ in range(60):
        counts: Counts = [(f"{i:05d}", int(n)) for i, n in enumerate(rng.integers(0, 40, 12))]
        left = suppressed(counts)
        shown, hidden = [n for area, n in left if area], [n for area, n in left if not area]
        assert not [n for n in shown if 1 <= n <= 4] and len(hidden) != 1
        assert sorted(shown + hidden) == sorted(n for _, n in counts)
        assert left == suppressed([counts[i] for i in rng.permutation(12)])
        hid += bool(hidden)
    assert 30 < hid < 60
