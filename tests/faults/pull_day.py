"""One run of the pipeline's first half in a process of its own, so that it can be killed: `pull_day.py <what>`.

Day 1 fills three tables; day 2 changes, adds, repeats, breaks and removes rows. `rebuild` makes the tables anew from the
landing; `prune` is a month later. `IOC_FAULT_AT` decides where it dies.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parents[1] / "unit")]

import made_up_source as made_up  # noqa: E402
from made_up_source import NOW, declare, row  # noqa: E402

from ingestion.extract import extract  # noqa: E402
from ingestion.load import load  # noqa: E402
from ingestion.model import Source  # noqa: E402
from ingestion.prune import prune  # noqa: E402
from ingestion.rebuild import rebuild  # noqa: E402


def source() -> Source:
    """`ho_so` by cursor, `danh_muc` as a snapshot, `lich_su` as a history of whole tables."""
    one = declare(retention={"keep": "7d"})
    listed, history = (
        one.tables[0].model_copy(update={"name": name, "mode": mode, "cursor": None})
        for name, mode in (("danh_muc", "snapshot"), ("lich_su", "history"))
    )
    return one.model_copy(update={"tables": [one.tables[0], listed, history]})


DAYS = {
    1: {
        "ho_so": [[row(f"H{i}", str(i), 1) for i in range(50)], [row("H1", "1", 2), row("X1", "x", 2)]],
        "danh_muc": [[row(f"D{i}", str(i)) for i in range(20)]],
        "lich_su": [[row(f"L{i}", str(i)) for i in range(10)]],
    },
    2: {
        "ho_so": [[row(f"H{i}", str(i + 1), 3) for i in range(40, 60)], [row("X1", "9", 3), row("X2", "x", 3)]],
        "danh_muc": [[row(f"D{i}", str(i)) for i in range(5, 25)]],
        "lich_su": [[row(f"L{i}", str(i % 7)) for i in range(2, 12)]],
    },
}


def main(what: str) -> None:
    if what == "rebuild":
        rebuild(source(), holder="test")
    elif what == "prune":
        prune([source()], holder="test", now=datetime.now(UTC) + timedelta(days=30))
    else:
        made_up.offered.update(DAYS[int(what)])
        load(extract(source(), run_id=f"day-{what}"), holder="test", now=NOW)


if __name__ == "__main__":
    main(sys.argv[1])
