"""`ioc run` on the demo's real servers: published the first time, nothing to do the second."""

from pathlib import Path

import pytest

from ops import query, run
from warehouse import publish

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
    second = run.run(progress=print)
    assert (second.build_id, second.exit_code) == (None, 0)
