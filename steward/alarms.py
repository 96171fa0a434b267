"""What the duty officers' pages draw: the line of one alarm through time with its threshold, as SVG without a script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from steward.questions import local_time

#: The field of the chart in SVG units, and what its margins leave for words.
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 960, 300, 64, 12, 16, 34


def number(value: float | None, decimals: int) -> str:
    """`1.234,5`; a dash for none."""
    return "–" if value is None else f"{value:,.{decimals}f}".translate(str.maketrans(",.", ".,"))


def chart(alarm: Mapping[str, Any], readings: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Places of everything in the chart, or None for fewer than two readings. A silence of more than three usual gaps breaks the
    line: what was not read is not drawn."""
    if len(readings) < 2:
        return None
    first: datetime = readings[0]["read_at"]
    last: datetime = readings[-1]["read_at"]
    seen: list[float] = [r["value"] for r in readings] + [
        r["threshold"] for r in readings if r["threshold"] is not None
    ]
    low, high = min(seen), max(seen)
    room = (high - low) * 0.08 or 1.0
    low, high = low - room, high + room

    def x(at: datetime) -> float:
        share = (at - first).total_seconds() / max(1.0, (last - first).total_seconds())
        return round(LEFT + (WIDTH - LEFT - RIGHT) * min(1.0, max(0.0, share)), 1)

    def y(value: float) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low), 1)

    gaps = sorted(b["read_at"] - a["read_at"] for a, b in pairwise(readings))
    widest = 3 * gaps[len(gaps) // 2]
    lines: list[list[str]] = [[]]
    for before, one in zip([readings[0], *readings], readings, strict=False):
        if one["read_at"] - before["read_at"] > widest:
            lines.append([])
        lines[-1].append(f"{x(one['read_at'])},{y(one['value'])}")
    limits = [f"{x(r['read_at'])},{y(r['threshold'])}" for r in readings if r["threshold"] is not None]
    decimals = alarm["decimals"]
    return {
        "lines": [" ".join(line) for line in lines], "limit": " ".join(limits), "limit_y": y(alarm["threshold"]) if low <= alarm["threshold"] <= high else None,
        "open_x": x(alarm["opened_at"]), "close_x": x(alarm["closed_at"] or last), "peak": (x(alarm["peak_at"]), y(alarm["peak_value"])),
        "ticks": [(y(v), number(v, decimals)) for v in (low + room, (low + high) / 2, high - room)],
        "times": [(LEFT, "start", local_time(first)), (WIDTH - RIGHT, "end", local_time(last))],
        "width": WIDTH, "height": HEIGHT, "left": LEFT, "right": WIDTH - RIGHT, "top": TOP, "bottom": HEIGHT - BOTTOM,
    }  # fmt: skip
