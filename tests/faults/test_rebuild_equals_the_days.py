"""A table made anew from the landing is the table that was loaded day by day, whatever the days brought."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_up_source import EVERY_MODE, ask, declare, pull, row

from ingestion.rebuild import rebuild
from warehouse import connect

#: A day's rows: some late (an older hour), repeated, broken (“x”, “200”), keyless; keys that a day misses are deletes.
rows = st.builds(row, st.sampled_from(["A", "B", "C", "D", None]), st.sampled_from(["1", "2", "x", "200", None]), st.integers(0, 5))  # fmt: skip
days = st.lists(st.lists(rows, min_size=1, max_size=7), min_size=1, max_size=5)


def world() -> dict[str, list]:
    return {
        "raw": ask("SELECT * FROM raw.so_thu_nghiem__ho_so ORDER BY ALL"),
        "ledger": ask("SELECT * FROM ops.extract ORDER BY extract_id"),
        "quarantine": ask("SELECT * FROM quarantine.row ORDER BY quarantine_id"),
        "watermark": ask("SELECT * FROM ops.watermark"),
    }


@pytest.mark.slow
@pytest.mark.parametrize("table", EVERY_MODE.values(), ids=EVERY_MODE)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(days=days)
def test_rebuild__gives_every_row_ledger_line_and_refusal_again(
    table: dict, days: list, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("IOC_HOME", str(tmp_path_factory.mktemp("days")))
        source = declare(**table)
        for day in days:
            pull(source, day)
        before = world()
        assert len(before["ledger"]) > 0
        assert rebuild(source, holder="test")[0].is_equal
        assert world() == before
        with connect.writer("test") as con:
            con.execute("DELETE FROM raw.so_thu_nghiem__ho_so")
        rebuild(source, holder="test")
        lineage = "SELECT * EXCLUDE (_loaded_at) FROM raw.so_thu_nghiem__ho_so ORDER BY ALL"
        found = ask(lineage)
        loaded_at = [d[0] for d in ask("SELECT column_name FROM duckdb_columns() WHERE table_name = 'so_thu_nghiem__ho_so' ORDER BY column_index")].index("_loaded_at")  # fmt: skip
    assert sorted(map(repr, found)) == sorted(repr((*r[:loaded_at], *r[loaded_at + 1 :])) for r in before["raw"])
