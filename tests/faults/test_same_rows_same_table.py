"""However rows are split into batches and pulls, and however often they are brought, the table ends equal."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_up_source import COLUMNS, ask, declare, file_chunk, pull, row

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
    columns = [*COLUMNS[:2], COLUMNS[2] | {"required": mode == "history"}]
    source = declare(mode=mode, columns=columns)
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
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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


#: Dirt of every kind that a table has to bear: no key, bad values, empty cells, keys again, and one cursor a version.
dirt = st.lists(
    st.tuples(
        st.sampled_from(["A", "B", "C", None]), st.integers(0, 9), st.sampled_from(["1", "2", "-1", "x", "", None])
    ),
    min_size=1,
    max_size=14,
    unique_by=lambda one: one[:2],
)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["upsert", "history"])
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(dirt=dirt, data=st.data())
def test_dirty_rows__in_any_order_and_any_batches_end_in_the_same_table_and_every_extract_balances(
    mode: str, dirt: list, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rows = [row(key, value, hour) for key, hour, value in dirt]
    shuffled = data.draw(st.permutations(rows))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=3)))
    batches = [shuffled[a:b] for a, b in zip([0, *cuts], [*cuts, len(rows)], strict=True)]
    with pytest.MonkeyPatch.context() as monkeypatch:
        make = tmp_path_factory.mktemp
        whole = table(make("whole"), monkeypatch, mode, [[rows]])
        split = table(make("split"), monkeypatch, mode, [batches])
        pulls = table(make("pulls"), monkeypatch, mode, [[batch] for batch in batches] * 2)
        extracts = ask("SELECT count(*), sum(rows_in)::INTEGER FROM ops.extract")
    assert extracts == [(2 * sum(map(bool, batches)), 2 * len(rows))]
    assert whole["unbalanced"] == split["unbalanced"] == pulls["unbalanced"] == []
    assert whole["rows"] == split["rows"] == pulls["rows"]


@pytest.mark.slow
def test_files__offered_again_or_changed_balance_and_are_not_loaded_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IOC_HOME", str(tmp_path))
    one, two = [row("A", "1", 1), row("B", "x", 1)], [row("A", "2", 2), row("C", "3", 2)]
    first = file_chunk("a.csv", one)
    pull(declare(), first, file_chunk("copy of a.csv", one))
    assert pull(declare(), first) == []
    pull(declare(), file_chunk("b.csv", two, sha256="b"), first)
    found = "SELECT rows_in, rows_loaded, rows_quarantined, rows_deduplicated FROM ops.extract ORDER BY extract_id"
    assert ask(found) == [(4, 1, 1, 2), (2, 2, 0, 0)]
    assert ask("SELECT ma, so FROM raw.so_thu_nghiem__ho_so ORDER BY 1") == [("A", 2), ("C", 3)]
