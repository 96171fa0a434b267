"""The benchmark of judging asks every kind, and the judge and plain SQL give the same answers."""

import importlib.util
from pathlib import Path
from typing import get_args

import pytest

from quality.expectation import Kind

PATH = Path(__file__).parents[2] / "benchmarks" / "bench_quality.py"


@pytest.mark.slow
def test_benchmark__asks_two_hundred_of_every_kind_and_all_ways_agree(ioc_home: Path) -> None:
    spec = importlib.util.spec_from_file_location("bench_quality", PATH)
    assert spec and spec.loader
    bench = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bench)
    asked = bench.questions()
    assert len(asked) == 200 and {kind for kind, *_ in asked} == set(get_args(Kind))
    file = ioc_home / "marts.duckdb"
    bench.make(file, 20_000)
    ours = bench.judge(file)
    assert 0 < sum(ours) < 200
    assert ours == bench.statements(file) == bench.one_scan(file)
