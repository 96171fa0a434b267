"""A history keeps every version of a key, from when to when, in whatever order the versions come."""

from __future__ import annotations

from pathlib import Path

import made_up_source as made_up
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_up_source import COLUMNS, NOW, ask, declare, land, pull, row
from pydantic import ValidationError

from ingestion.load import load
from ingestion.model import Source

pytestmark = pytest.mark.usefixtures("home")
BY_CURSOR = [COLUMNS[0], COLUMNS[1], COLUMNS[2] | {"required": True}]
#: A version in hours of 2026-11-01 UTC.
VERSIONS = "SELECT ma, so, date_part('hour', _valid_from AT TIME ZONE 'UTC'), date_part('hour', _valid_to AT TIME ZONE 'UTC') FROM raw.so_thu_nghiem__ho_so ORDER BY ma, _valid_from"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IOC_HOME", str(tmp_path))
    return tmp_path


def by_cursor() -> Source:
    return declare(mode="history", columns=BY_CURSOR)


def whole() -> Source:
    return declare(mode="history", cursor=None, volume={"max_change": 100})


def intervals() -> list[tuple]:
    """Versions of a history of whole tables, their times as numbers of the extract that they begin or end with."""
    return ask(
        """WITH moment AS (SELECT unnest([_valid_from, _valid_to]) AS t FROM raw.so_thu_nghiem__ho_so),
        nth AS (SELECT t, row_number() OVER (ORDER BY t) AS n FROM (SELECT DISTINCT t FROM moment WHERE t IS NOT NULL))
        SELECT ma, so, a.n, b.n FROM raw.so_thu_nghiem__ho_so LEFT JOIN nth a ON a.t = _valid_from
        LEFT JOIN nth b ON b.t = _valid_to ORDER BY ma, a.n"""
    )


def test_history__closes_a_version_where_the_next_begins() -> None:
    pull(by_cursor(), [row("A", "1", 1), row("B", "5", 1)])
    pull(by_cursor(), [row("A", "2", 4)])
    assert ask(VERSIONS) == [("A", 1, 1, 4), ("A", 2, 4, None), ("B", 5, 1, None)]


def test_history__puts_a_late_version_between_those_it_belongs_to() -> None:
    pull(by_cursor(), [row("A", "1", 1), row("A", "3", 9)])
    loaded = pull(by_cursor(), [row("A", "2", 4), row("A", "1", 1)])
    assert (loaded[0].rows_loaded, loaded[0].rows_deduplicated) == (1, 1)
    assert ask(VERSIONS) == [("A", 1, 1, 4), ("A", 2, 4, 9), ("A", 3, 9, None)]


def test_history__takes_a_correction_of_a_version_in_its_place() -> None:
    pull(by_cursor(), [row("A", "1", 1), row("A", "3", 9)])
    pull(by_cursor(), [row("A", "7", 1)])
    assert ask(VERSIONS) == [("A", 7, 1, 9), ("A", 3, 9, None)]


def test_history__of_the_same_extract_twice_changes_nothing() -> None:
    landed = land(by_cursor(), [row("A", "1", 1), row("A", "2", 2)])
    load(landed, holder="test", now=NOW)
    before = made_up.stored("*")
    assert len(before) == 2
    assert load(landed, holder="test", now=NOW) == []
    assert pull(by_cursor(), [row("A", "2", 2), row("A", "1", 1)]) == []
    assert made_up.stored("*") == before


def test_history_of_whole_tables__closes_what_is_missing_and_opens_it_again() -> None:
    pull(whole(), [row("A", "1"), row("B", "1")])
    gone = pull(whole(), [row("A", "2")])
    back = pull(whole(), [row("A", "2"), row("B", "1")])
    assert (gone[0].rows_deleted, back[0].rows_loaded, back[0].rows_deduplicated) == (1, 1, 1)
    assert intervals() == [("A", 1, 1, 2), ("A", 2, 2, None), ("B", 1, 1, 2), ("B", 1, 3, None)]


def test_history_of_whole_tables__keeps_the_open_version_while_the_new_one_is_refused() -> None:
    pull(whole(), [row("A", "1")])
    loaded = pull(whole(), [row("A", "một")])
    assert (loaded[0].rows_quarantined, loaded[0].rows_deleted) == (1, 0)
    assert intervals() == [("A", 1, 1, None)]


def test_history_of_whole_tables__is_not_disturbed_by_one_older_than_the_newest() -> None:
    old = land(whole(), [row("A", "1")])
    aside = old[0].path.rename(old[0].path.with_name(".aside"))
    pull(whole(), [row("A", "2"), row("B", "2")])
    before = intervals()
    aside.rename(old[0].path)
    assert load(old, holder="test", now=NOW)[0].rows_deduplicated == 1
    assert intervals() == before == [("A", 2, 1, None), ("B", 2, 1, None)]


def test_table_that_becomes_a_history__begins_with_what_it_holds() -> None:
    pull(declare(columns=BY_CURSOR), [row("A", "1", 1)])
    pull(by_cursor(), [row("A", "2", 4)])
    assert ask(VERSIONS) == [("A", 1, 1, 4), ("A", 2, 4, None)]


def test_history__refuses_a_cursor_that_may_be_empty() -> None:
    with pytest.raises(ValidationError, match="must be a required timestamp or date"):
        declare(mode="history")


versions = st.dictionaries(
    st.tuples(st.sampled_from("ABC"), st.integers(0, 9)), st.integers(0, 5), min_size=1, max_size=12
)


@pytest.mark.slow
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(versions=versions, data=st.data())
def test_history__is_the_same_in_whatever_order_and_pulls_its_versions_come(
    versions: dict, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rows = [row(ma, str(so), hour) for (ma, hour), so in sorted(versions.items())]
    order = data.draw(st.permutations(rows))
    cut = data.draw(st.integers(0, len(rows)))
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("IOC_HOME", str(tmp_path_factory.mktemp("history")))
        for some in filter(None, (order[:cut], order[cut:])):
            pull(by_cursor(), some, full=True)
        found = ask(VERSIONS)
    hours = {ma: sorted(h for m, h in versions if m == ma) for ma, _ in versions}
    following = {(ma, h): nxt for ma, hs in hours.items() for h, nxt in zip(hs, [*hs[1:], None], strict=True)}
    assert found == [(ma, so, hour, following[ma, hour]) for (ma, hour), so in sorted(versions.items())]
