"""Whatever dirt comes, in whatever mode, batches and order, again and again: no row is lost and none counted twice."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_up_source import COLUMNS, EVERY_MODE, NOW, ask, declare, pull, row

from ingestion import quarantine
from ingestion.model import Source
from ingestion.rebuild import rebuild

#: No key, no number, out of range, in range once the contract is mended, late, without a cursor, again and again.
dirty = st.builds(
    row,
    st.sampled_from(["A", "B", "C", " ", None]),
    st.sampled_from(["1", "2", "-1", "200", "x", "", None]),
    st.sampled_from([None, 1, 2, 3, 4]),
)
#: A pull: its batches. The same list may be pulled twice.
pulls = st.lists(st.tuples(st.lists(st.lists(dirty, min_size=1, max_size=5), min_size=1, max_size=3), st.booleans()), min_size=1, max_size=3)  # fmt: skip
WRONG = {
    "unbalanced": "SELECT * FROM ops.extract WHERE rows_in <> rows_loaded + rows_quarantined + rows_deduplicated",
    "quarantined": """SELECT extract_id, rows_quarantined, count(q.extract_id) AS kept FROM ops.extract x
        LEFT JOIN (FROM quarantine.row WHERE status <> 'fixed') q USING (extract_id)
        GROUP BY ALL HAVING kept <> rows_quarantined""",
    "loaded": """SELECT _extract_id FROM raw.so_thu_nghiem__ho_so LEFT JOIN ops.extract x ON x.extract_id = _extract_id
        GROUP BY _extract_id, x.rows_loaded HAVING count(*) > coalesce(x.rows_loaded, 0)""",
    "no key": "SELECT * FROM raw.so_thu_nghiem__ho_so WHERE ma IS NULL",
}
ONE_A_KEY = "SELECT ma FROM raw.so_thu_nghiem__ho_so GROUP BY 1 HAVING count(*) > 1"
ONE_OPEN = """SELECT ma FROM raw.so_thu_nghiem__ho_so GROUP BY ALL HAVING count(*) FILTER (_valid_to IS NULL) > 1
    OR bool_or(_valid_to <= _valid_from)"""


def wrong(table: dict[str, Any]) -> dict[str, list]:
    """Every way in which the books could lie, with what was found of it."""
    once = ONE_OPEN if table.get("mode") == "history" else ONE_A_KEY
    return {name: found for name, sql in (WRONG | {"once": once}).items() if (found := ask(sql))}


def mended(table: dict[str, Any]) -> Source:
    wider = [COLUMNS[0], {**COLUMNS[1], "range": [0, 1000]}, *table.get("columns", COLUMNS)[2:]]
    return declare(**table | {"columns": wider})


@pytest.mark.slow
@pytest.mark.parametrize("table", EVERY_MODE.values(), ids=EVERY_MODE)
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pulls=pulls)
def test_rows__are_loaded_quarantined_or_duplicates_through_pulls_repeats_replay_and_rebuild(
    table: dict[str, Any], pulls: list, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("IOC_HOME", str(tmp_path_factory.mktemp("balance")))
        offered = 0
        for batches, again in pulls:
            for _ in range(1 + again):
                loaded = pull(declare(**table), *batches, full=True)
                offered += sum(map(len, batches))
                assert sum(one.rows_in for one in loaded) == sum(map(len, batches))
                assert wrong(table) == {}
        passed, of = quarantine.replay(mended(table), by="an", now=NOW)
        assert 0 <= passed <= of
        assert wrong(table) == {}
        assert quarantine.replay(mended(table), by="an", now=NOW)[0] == 0, "a replay leaves nothing that passes"
        assert ask("SELECT sum(rows_in)::INTEGER FROM ops.extract") == [(offered,)]
        rebuild(mended(table), holder="test")
        assert wrong(table) == {}
        assert ask("SELECT sum(rows_in)::INTEGER FROM ops.extract") == [(offered,)]
