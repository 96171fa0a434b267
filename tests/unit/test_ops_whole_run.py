"""`ioc run` on the demo's real servers: published the first time, nothing to do the second."""

from pathlib import Path

import pytest

from ingestion import registry
from ops import query, run, status
from warehouse import build, connect, publish

#: Every value but those of the data themselves, which look at the ledger and the clock.
VALUES = """SELECT i.sector, o.indicator_code, o.period_key, o.area_code, o.breakdown, o.numerator, o.denominator, o.value
    FROM mart.obs_indicator AS o JOIN catalog.indicator AS i USING (indicator_code) WHERE i.sector <> 'chat_luong'"""

pytestmark = [pytest.mark.slow]


def test_run__publishes_once_and_then_finds_nothing_new(demo: Path) -> None:
    first = run.run(progress=print)
    assert [(o.source_id, o.reason_vi) for o in first.failed] == []
    assert (first.verdict, first.exit_code) == ("PASS", 0)
    current = publish.current(verify=True)
    assert current is not None and current.build_id == first.build_id
    # The seed's published fact: 38 of 91 tasks of Resolution 57 were done on 2025-07-25.
    sql = "SELECT numerator, denominator FROM obs_indicator WHERE indicator_code = 'GV01' AND period_key = '20250725' AND area_code = '38'"
    assert query.ask(sql).rows == [(38.0, 91.0)]
    free = status.gather()
    with connect.writer("somebody else"):
        busy = status.gather()
    assert (free["from"], busy["from"]) == ("ledger", current.build_id) and len(free["sources"]) == len(
        registry.load().sources
    )
    for known, told in zip(free["sources"], busy["sources"], strict=True):
        counts = ["source_id", "status", *(k for k in known if k.startswith("total_"))]
        assert len(counts) == 6 and {k: known[k] or 0 for k in counts} == {k: told[k] for k in counts}
    second = run.run(progress=print)
    assert (second.build_id, second.exit_code) == (None, 0)
    every_additive_indicator_sums_up()
    shuffled_and_split_rows_give_the_same_values()


def every_additive_indicator_sums_up() -> None:
    """Communes make the province; what has no commune counts for the province alone (its place unknown, or hidden as few people), and is little."""
    sums = query.ask(
        """SELECT o.indicator_code, o.period_key, sum(o.numerator) FILTER (o.area_code <> '38'), max(o.numerator) FILTER (o.area_code = '38'),
            sum(o.denominator) FILTER (o.area_code <> '38'), max(o.denominator) FILTER (o.area_code = '38'), any_value(i.additive)
        FROM mart.obs_indicator AS o JOIN catalog.indicator AS i USING (indicator_code)
        WHERE i.area_grain = 'commune' AND i.additive <> 'no' AND o.breakdown = '' GROUP BY ALL HAVING count(*) FILTER (o.area_code <> '38') > 0"""
    ).rows
    assert len({row[0] for row in sums}) > 35 and len(sums) > 250
    for code, period, communes, province, below, whole, additive in sums:
        assert communes <= province * (1 + 1e-9) and province - communes <= 0.03 * abs(province) + 12, (code, period)
        if additive == "ratio":
            assert below <= whole * (1 + 1e-9) and whole - below <= 0.03 * abs(whole) + 12, (code, period)


def shuffled_and_split_rows_give_the_same_values() -> None:
    """Each raw table put in another order, and every second row said to come of another extract."""
    with connect.served(connect.build_path()) as con:
        before = con.execute(f"SELECT count(*), bit_xor(hash(v)) FROM ({VALUES}) AS v").fetchone()
    with connect.writer("test") as con:
        tables = [name for (name,) in con.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'raw'").fetchall()]  # fmt: skip
        for name in tables:
            other = "if(hash(_row_number) % 2 = 0, _extract_id, _extract_id || 'b')"
            con.execute(f"CREATE OR REPLACE TABLE raw.{name} AS SELECT * REPLACE ({other} AS _extract_id) FROM raw.{name} ORDER BY hash(_row_number, 38)")  # fmt: skip
        con.execute("INSERT INTO ops.extract SELECT * REPLACE (extract_id || 'b' AS extract_id) FROM ops.extract")
    build.build(run_id="shuffled", full_refresh=True)
    with connect.served(connect.build_path()) as con:
        after = con.execute(f"SELECT count(*), bit_xor(hash(v)) FROM ({VALUES}) AS v").fetchone()
    assert before is not None and before[0] > 10_000 and len(tables) > 60
    assert after == before
