"""`ioc run` on the demo's real servers: published the first time, nothing to do the second."""

from pathlib import Path

import pytest

from ingestion import registry
from ops import query, run, status
from warehouse import connect, publish

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
