"""The commonest defect of this field is the check that passes because it looked at nothing. One test each way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from world import World, make

from ingestion import registry
from quality import judge
from quality.baseline import Relation
from quality.expectation import Expectation, Reason
from quality.verdict import Judged, Verdict
from warehouse import connect, publish
from warehouse.errors import Fault

pytestmark = pytest.mark.slow


@pytest.fixture
def world(tmp_path: Path, ioc_home: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return make(tmp_path, monkeypatch)


def test_s1__an_empty_folder_of_declarations_is_no_registry_that_is_fine(tmp_path: Path, ioc_home: Path) -> None:
    """A DAG test over an empty folder finds no wrong DAG. Ours compares with the registry, and an empty one is refused."""
    with pytest.raises(Fault) as refused:
        registry.load(tmp_path)
    assert refused.value.code == "IOC-101" and "no declaration" in refused.value.why


def test_s2__what_was_never_judged_is_never_published(world: World) -> None:
    """Data tests that are off by default: here they cannot be turned off, and silence is no permission."""
    with connect.lock("test"), connect.build_writer() as con:
        con.execute("CREATE SCHEMA catalog; CREATE TABLE catalog.build AS SELECT 'b1' AS build_id")
    with pytest.raises(Fault) as refused:
        publish.publish("b1")
    assert refused.value.code == "IOC-401" and "never judged" in refused.value.why


@pytest.mark.parametrize("answered", [0, 1])
def test_s2__fewer_answers_than_questions_are_an_error(answered: int) -> None:
    one = Expectation(
        relation="mart.x", expectation="expect_column_to_exist", kwargs={"column": "a"}, reason=Reason(vi="a", en="a")
    )
    relation = Relation("mart.x", 1, "", (one, one))
    from quality.verdict import Result

    judged = Judged(relation, tuple(Result(one, "PASS") for _ in range(answered)))
    assert (judged.verdict, judged.holds) == ("ERROR", "ERROR")


def test_s2__a_verdict_over_nothing_is_an_error(world: World) -> None:
    from datetime import UTC, datetime

    assert Verdict("b1", datetime.now(UTC), ()).verdict == "ERROR"
    assert Judged(Relation("mart.x", 1, "", ()), ()).holds == "ERROR", "nor is a table without a rule"


def year(world: World, *years: int) -> None:
    world.table = {
        "primary_key": ["nam", "thang", "ma"], "volume": {"min": 100},
        "columns": [{"name": n, "type": "integer"} for n in ("nam", "thang")] + [{"name": "ma", "type": "text"}, {"name": "so", "type": "double"}],
    }  # fmt: skip
    rows = [f"{y},{m},M{x},{100 + x * 7 + m}" for y in years for m in range(1, 13) for x in range(8)]
    world.put("a.csv", "nam,thang,ma,so\n" + "\n".join(rows) + "\n")


def test_s3__a_year_that_is_missing_among_many_rows_is_told(world: World) -> None:
    year(world, 2021, 2022, 2024, 2025)
    world.pull()
    assert world.counts[1] == 384, "enough rows for the declared minimum"
    assert world.judged() == {"missing_periods"} and "không có dòng nào của tháng 1/2023" in world.page()


def test_s3__years_that_are_all_there_are_not(world: World) -> None:
    year(world, 2021, 2022, 2023, 2024)
    world.pull()
    assert world.judged() == set()


def test_s4__a_declaration_that_cannot_be_read_stops_and_is_not_skipped(tmp_path: Path, ioc_home: Path) -> None:
    """Imports that fail and are skipped: one broken file among forty must not become one source fewer."""
    good = next(iter(sorted(registry.SOURCES.rglob("*.yml"))))
    (tmp_path / good.name).write_text(good.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "so_hong.yml").write_text("id: so_hong\n  sector: [", encoding="utf-8")
    with pytest.raises(Fault) as refused:
        registry.load(tmp_path)
    assert refused.value.code == "IOC-101" and "so_hong.yml" in refused.value.why


def test_s4__a_table_that_is_gone_from_the_build_is_an_error_and_not_one_question_fewer(world: World) -> None:
    with connect.lock("test"), connect.build_writer() as con:
        con.execute("CREATE SCHEMA catalog; CREATE TABLE catalog.build AS SELECT 'b1' AS build_id")
    verdict = judge.judge("b1")
    missing = {j.relation.name: j.verdict for j in verdict.judged if j.relation.name.startswith("mart.")}
    assert missing == {"mart.dim_area": "ERROR", "mart.obs_indicator": "ERROR"} and verdict.verdict == "ERROR"


def test_s5__a_key_that_is_too_coarse_is_told_with_what_it_swallowed(world: World) -> None:
    """De-duplication on the wrong grain: 60 readings of 6 stations become 6 rows, and every count still balances."""
    world.rows("".join(f"T{i % 6},{i},{i % 28 + 1:02d}/11/2025 08:00\n" for i in range(60)))
    world.pull()
    assert world.counts == (60, 6, 0, 54)
    assert "key_conflicts" in world.judged() and "54 dòng cùng khóa với dòng khác nhưng khác giá trị" in world.page()


@pytest.mark.parametrize(("written", "kept"), [("-5", None), ("5", 5.0), ("", None)])
def test_s6__a_negative_reading_is_never_made_empty_without_a_trace(
    world: World, written: str, kept: float | None
) -> None:
    world.rows(f"A,{written},01/11/2026 08:00\n")
    world.pull()
    loaded: list[tuple[Any, ...]] = world.asked('SELECT so FROM raw."so_loi__bang"')
    if written == "-5":
        assert loaded == [] and world.rules == {"range:so"} and "-5 nằm ngoài khoảng" in world.page()
    else:
        assert loaded == [(kept,)]


def test_s6__lone_negative_readings_without_a_declared_range_are_told(world: World) -> None:
    world.table = {
        "columns": [{"name": "ma", "type": "text"}, {"name": "so", "type": "double"}, {"name": "luc", "type": "text"}]
    }
    world.rows("".join(f"M{i},{-3 if i == 7 else i},x\n" for i in range(1, 60)))
    world.pull()
    assert world.judged() == {"negative"} and "so: 1 giá trị âm" in world.page()
    assert world.asked('SELECT count(*) FROM raw."so_loi__bang" WHERE so < 0') == [(1,)]
