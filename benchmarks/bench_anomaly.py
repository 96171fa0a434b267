"""Precision and recall of `quality.anomaly` on injected faults, and its false alarms on clean series.

    .venv/bin/python benchmarks/bench_anomaly.py [--series 60] [--days 400] [--noise 0.04]

Seeded series of days with a week's rhythm, a year's wave, a slow trend and noise; one fault in each faulty series. A fault is
found when any detector speaks within its first five days. An alarm elsewhere is false, but for the 56 days after a fault,
whose window the fault is in.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from quality import anomaly
from warehouse import connect

WEEK = np.array([1.0, 1.05, 1.04, 1.02, 0.95, 0.55, 0.45])
FAULTS = ("×3", "×10", "×1000", "zero", "shift +30 %", "shift −30 %", "stuck")


def clean(rng: np.random.Generator, days: int, noise: float) -> np.ndarray:
    """One series: level 50-500."""
    day = np.arange(days)
    wave = 1 + 0.1 * np.sin(2 * np.pi * day / 365) + 0.0003 * day
    return rng.uniform(50, 500) * wave * WEEK[day % 7] * rng.normal(1, noise, days)


def faulty(values: np.ndarray, fault: str, at: int) -> np.ndarray:
    values = values.copy()
    if fault.startswith("×"):
        values[at] *= float(fault[1:])
    elif fault == "zero":
        values[at] = 0
    elif fault.startswith("shift"):
        values[at:] *= 1.3 if "+" in fault else 0.7
    else:
        values[at : at + 7] = values[at]
    return values


def run(series: int, days: int, noise: float = 0.04, seed: int = 7) -> dict[str, dict[str, float]]:
    """Fault → found, of, false alarms and the days at risk; `clean` for the series without a fault."""
    rng = np.random.default_rng(seed)
    start = np.datetime64("2024-01-01")
    keys = [str(start + d).replace("-", "") for d in range(days)]
    about: dict[str, tuple[str, int]] = {}
    rows = []
    for fault in ("clean", *FAULTS):
        for n in range(series):
            code, at = f"{fault} {n}", int(rng.integers(120, days - 70))
            values = clean(rng, days, noise)
            values = values if fault == "clean" else faulty(values, fault, at)
            about[code] = (fault, at)
            rows += [(code, "38", "", key, float(value)) for key, value in zip(keys, values, strict=True)]
    with connect.scratch(memory="1GB") as con:
        con.execute(
            "CREATE TABLE obs (indicator_code VARCHAR, area_code VARCHAR, breakdown VARCHAR, period_key VARCHAR, value DOUBLE)"
        )
        import pyarrow as pa

        names = ("indicator_code", "area_code", "breakdown", "period_key", "value")
        con.register("made", pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))))
        con.execute("INSERT INTO obs SELECT * FROM made")
        found = con.execute(
            f"SELECT indicator_code, period_key, detector FROM ({anomaly.scored('obs', 'day')}) WHERE detector IS NOT NULL"
        ).fetchall()
    place = {key: d for d, key in enumerate(keys)}
    told: dict[str, dict[str, float]] = {
        f: {"of": series, "found": 0, "false": 0, "days": 0} for f in ("clean", *FAULTS)
    }
    hits: set[str] = set()
    for code, key, _ in found:
        fault, at = about[code]
        day = place[key]
        length = 7 if fault == "stuck" else 5
        if fault != "clean" and at <= day < at + length:
            hits.add(code)
        elif fault == "clean" or not at <= day < at + 56:
            told[fault]["false"] += 1
    for code, (fault, _) in about.items():
        told[fault]["found"] += code in hits
        told[fault]["days"] += days - 28 - (0 if fault == "clean" else 56)
    return told


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--series", type=int, default=60)
    asked.add_argument("--days", type=int, default=400)
    asked.add_argument("--noise", type=float, default=0.04)
    given = asked.parse_args()
    told = run(given.series, given.days, given.noise)
    print("| fault | found | recall | precision | false alarms a series-year |\n|---|---|---|---|---|")
    for fault, one in told.items():
        year = 365 * one["false"] / one["days"]
        if fault == "clean":
            print(f"| none | – | – | – | {year:.2f} |")
        else:
            precision = one["found"] / max(1, one["found"] + one["false"])
            print(
                f"| {fault} | {one['found']:.0f} of {one['of']:.0f} | {one['found'] / one['of']:.2f} | {precision:.2f} | {year:.2f} |"
            )


if __name__ == "__main__":
    main()
