"""One run of the pipeline's first half in a process of its own, so that it can be killed: `pull_day.py <day>`.

Day 1 fills two tables; day 2 changes, adds, repeats, breaks and removes rows. `IOC_FAULT_AT` decides where it dies.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parents[1] / "unit")]

import made_up_source as made_up  # noqa: E402
from made_up_source import NOW, declare, row  # noqa: E402

from ingestion.extract import extract  # noqa: E402
from ingestion.load import load  # noqa: E402
from ingestion.model import Source  # noqa: E402


def source() -> Source:
    """`ho_so` by cursor, `danh_muc` as a snapshot."""
    one = declare()
    listed = one.tables[0].model_copy(update={"name": "danh_muc", "mode": "snapshot", "cursor": None})
    return one.model_copy(update={"tables": [one.tables[0], listed]})


DAYS = {
    1: {
        "ho_so": [[row(f"H{i}", str(i), 1) for i in range(50)], [row("H1", "1", 2), row("X1", "x", 2)]],
        "danh_muc": [[row(f"D{i}", str(i)) for i in range(20)]],
    },
    2: {
        "ho_so": [[row(f"H{i}", str(i + 1), 3) for i in range(40, 60)], [row("X1", "9", 3), row("X2", "x", 3)]],
        "danh_muc": [[row(f"D{i}", str(i)) for i in range(5, 25)]],
    },
}


def main(day: int) -> None:
    made_up.offered.update(DAYS[day])
    load(extract(source(), run_id=f"day-{day}"), holder="test", now=NOW)


if __name__ == "__main__":
    main(int(sys.argv[1]))
