"""Unusual values are found in seeded series with faults put in, and few are called unusual that are not."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from quality import anomaly
from warehouse import connect

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
pytestmark = pytest.mark.slow


def test_detection__finds_what_was_put_in_and_keeps_its_budget(ioc_home: Path) -> None:
    """Precision and recall on 25 series a fault, as `benchmarks/bench_anomaly.py` prints them."""
    import bench_anomaly

    told = bench_anomaly.run(25, 365)
    assert set(told) == {"clean", *bench_anomaly.FAULTS} and len(bench_anomaly.FAULTS) == 7
    for fault, one in told.items():
        alarms_a_year = 365 * one["false"] / one["days"]
        assert alarms_a_year <= 365 / anomaly.BUDGET / 4, (fault, "a quarter of the budget on quiet series")
        if fault != "clean":
            assert one["found"] / one["of"] >= 0.9 and one["found"] / (one["found"] + one["false"]) >= 0.85, (
                fault,
                one,
            )


def test_detection__at_a_period_knows_earlier_periods_only(ioc_home: Path) -> None:
    """What a build said of a period is what it would say again: later values change nothing of it."""
    import bench_anomaly
    import numpy as np

    values = bench_anomaly.faulty(bench_anomaly.clean(np.random.default_rng(3), 200, 0.04), "×3", 150)
    with connect.scratch() as con:
        con.execute(
            "CREATE TABLE obs (indicator_code VARCHAR, area_code VARCHAR, breakdown VARCHAR, period_key VARCHAR, value DOUBLE)"
        )
        keys = [str(np.datetime64("2024-01-01") + d).replace("-", "") for d in range(200)]
        rows = ", ".join(f"('A', '38', '', '{k}', {v})" for k, v in zip(keys, values, strict=True))
        con.execute(f"INSERT INTO obs VALUES {rows}")
        asked = "SELECT period_key, expected, detector FROM ({}) WHERE period_key <= '{}' ORDER BY 1"
        whole = con.execute(asked.format(anomaly.scored("obs", "day"), keys[159])).fetchall()
        cut = con.execute(
            asked.format(anomaly.scored(f"(FROM obs WHERE period_key <= '{keys[159]}')", "day"), keys[159])
        ).fetchall()
    assert whole == cut and {k: d for k, _, d in whole}[keys[150]] == "spike"


@pytest.fixture
def build(ioc_home: Path) -> Any:
    """A build whose union has 30 series of 60 days, each with a broken last day, and one of 5 days."""
    with connect.lock("test"), connect.build_writer() as con:
        con.execute("CREATE SCHEMA mart; CREATE SCHEMA quality")
        con.execute(
            """CREATE TABLE mart.obs_indicator AS
            SELECT 'GV' || lpad(s::VARCHAR, 2, '0') AS indicator_code, '38' AS area_code, '' AS breakdown, 'day' AS period_kind,
                   strftime(DATE '2026-01-01' + d::INT, '%Y%m%d') AS period_key, 100.0 AS grade_valid, false AS is_provisional, NULL::DOUBLE AS denominator,
                   CASE WHEN d = 59 THEN 5000.0 + s ELSE 100.0 + s + 3 * sin(d * 1.7 + s) + d % 7 END AS value
            FROM range(30) AS a(s), range(60) AS b(d)
            UNION ALL SELECT 'MT01', '38', '', 'day', strftime(DATE '2026-01-01' + d::INT, '%Y%m%d'), 100.0, false, NULL, d FROM range(5) AS b(d)"""
        )
        yield con


def test_write__shows_the_strongest_of_the_newest_and_counts_what_is_too_short(build: Any) -> None:
    anomaly.write(build, "b1", set())
    found = build.execute(
        "SELECT count(*), count(*) FILTER (is_shown), count(DISTINCT detector), min(period_key) FROM quality.anomaly"
    ).fetchone()
    assert found == (30, anomaly.SHOWN, 1, "20260301")
    assert build.execute(
        "SELECT period_kind, series, judged, too_short FROM quality.anomaly_series WHERE series > 0"
    ).fetchall() == [("day", 31, 30, 1)]
    words = build.execute("SELECT message_vi, message_en FROM quality.anomaly WHERE indicator_code = 'GV07'").fetchone()
    assert words[0].startswith("bỗng khác thường: 5007,0 (thường khoảng 1") and "usually about" in words[1]


def test_write__a_detector_that_cried_wolf_is_kept_and_not_shown(build: Any) -> None:
    anomaly.write(build, "b1", {"anomaly:GV03:spike", "raw.x:clock"})
    told = dict(build.execute("SELECT indicator_code, (is_demoted, is_shown) FROM quality.anomaly").fetchall())
    assert (
        told["GV03"] == (True, False) and sum(shown for _, shown in told.values()) == anomaly.SHOWN and len(told) == 30
    )


def test_write__without_a_union_finds_nothing(ioc_home: Path) -> None:
    with connect.lock("test"), connect.build_writer() as con:
        con.execute("CREATE SCHEMA quality")
        anomaly.write(con, "b1", set())
        assert con.execute("SELECT count(*) FROM quality.anomaly").fetchone() == (0,)
