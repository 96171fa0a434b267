"""However rows are split into batches and pulls, and however often they are brought, the table ends equal."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_up_source import ask, declare, pull, row

rows = st.lists(
    st.builds(
        row,
        st.sampled_from(["A", "B", "C", "D"]),
        st.sampled_from(["1", "2", "3", "x", None]),
        st.sampled_from([None, 1, 2, 3]),
    ),
    min_size=1,
    max_size=12,
)


def table(home: Path, monkeypatch: pytest.MonkeyPatch, mode: str, pulls: list[list[list[dict]]]) -> dict[str, list]:
    """The table and open quarantine after these pulls (each a list of batches) into a new warehouse."""
    monkeypatch.setenv("IOC_HOME", str(home))
    source = declare(mode=mode)
    for batches in pulls:
        if any(batches):
            pull(source, *[b for b in batches if b], full=True)
    return {
        "rows": ask("SELECT ma, so, luc, _row_hash FROM raw.so_thu_nghiem__ho_so ORDER BY ALL"),
        "open": ask("SELECT key_text, row_json FROM quarantine.row WHERE status = 'open' ORDER BY ALL"),
        "unbalanced": ask(
            "SELECT * FROM ops.extract WHERE rows_in <> rows_loaded + rows_quarantined + rows_deduplicated"
        ),
    }


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["upsert", "append"])
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=rows, cut=st.integers(0, 12))
def test_split_loads__give_the_same_table_as_one(
    mode: str, rows: list[dict], cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        make = tmp_path_factory.mktemp
        whole = table(make("whole"), monkeypatch, mode, [[rows]])
        batches = table(make("batches"), monkeypatch, mode, [[rows[:cut], rows[cut:]]])
        split = table(make("split"), monkeypatch, mode, [[rows[:cut]], [rows[cut:]]])
        twice = table(make("twice"), monkeypatch, mode, [[rows], [rows]])
    assert whole["unbalanced"] == []
    assert batches == whole
    assert split == whole
    assert twice["rows"] == whole["rows"]
