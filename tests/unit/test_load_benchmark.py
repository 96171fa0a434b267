"""The benchmark compares equal work, keeps what it measured and draws it. It asserts no time."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[2] / "benchmarks" / "bench_ingest.py"


@pytest.mark.slow
def test_benchmark__compares_equal_tables_and_keeps_a_line_for_each_way(tmp_path: Path) -> None:
    copy = tmp_path / "benchmarks" / BENCH.name
    copy.parent.mkdir()
    copy.write_text(
        BENCH.read_text(encoding="utf-8").replace("HERE.parent)", f"{str(BENCH.parents[1])!r})"), encoding="utf-8"
    )
    assert "HERE.parent)" not in copy.read_text(encoding="utf-8")
    command = [sys.executable, str(copy), "--case", "narrow", "delta", "--rows", "3000", "--rounds", "1"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    lines = [line for line in run.stdout.splitlines() if line.startswith(("| PostgreSQL, 3,000 × 7", "| 1 % new"))]
    assert len(lines) == 8 and all(line.count("|") == 7 for line in lines)
    with (copy.parent / "history.csv").open(encoding="utf-8") as file:
        kept = list(csv.DictReader(file))
    assert [row["way"] for row in kept][:3] == ["ours", "scanner", "dlt"] and all(
        float(row["seconds"]) > 0 for row in kept
    )
    assert (copy.parent / "ingest.svg").read_text(encoding="utf-8").count("<path") > 8
