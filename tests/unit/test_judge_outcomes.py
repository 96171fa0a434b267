"""Three outcomes, and what each says to the publication."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from made_up_build import change_build, make_build, make_home

from quality import judge, report
from quality.baseline import Relation
from quality.expectation import Expectation, Reason, suites
from quality.verdict import Judged, Result, Verdict
from warehouse import connect, publish
from warehouse.errors import Fault

NOT_NULL = Expectation(
    relation="mart.dim_area",
    expectation="expect_column_values_to_not_be_null",
    kwargs={"column": "area_code"},
    reason=Reason(vi="<b>có</b>", en="there"),
)
WARN = NOT_NULL.model_copy(update={"severity": "warn"})


def judged(tier: int, *outcomes: tuple[Expectation, str]) -> Judged:
    relation = Relation("mart.dim_area", tier, "Sở", tuple(e for e, _ in outcomes))
    return Judged(relation, tuple(Result(e, o) for e, o in outcomes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "verdict", "holds"),
    [
        (judged(1, (NOT_NULL, "PASS")), "PASS", "PASS"),
        (judged(1, (NOT_NULL, "FAIL")), "FAIL", "FAIL"),
        (judged(2, (NOT_NULL, "FAIL")), "FAIL", "PASS"),
        (judged(1, (WARN, "FAIL")), "PASS", "PASS"),
        (judged(1, (WARN, "ERROR")), "ERROR", "PASS"),
        (judged(1, (NOT_NULL, "ERROR"), (NOT_NULL, "FAIL")), "ERROR", "ERROR"),
        (judged(3, (NOT_NULL, "ERROR")), "ERROR", "PASS"),
        (judged(1), "ERROR", "ERROR"),
        (replace(judged(1, (NOT_NULL, "PASS")), results=()), "ERROR", "ERROR"),
        (replace(judged(1, (NOT_NULL, "PASS")), trouble="gone"), "ERROR", "ERROR"),
    ],
)
def test_verdict__of_a_relation_follows_its_answers(one: Judged, verdict: str, holds: str) -> None:
    assert (one.verdict, one.holds) == (verdict, holds)
    assert Verdict("b", datetime.now(UTC), (one,)).verdict == holds


def test_verdict__without_relations_is_an_error() -> None:
    assert Verdict("b", datetime.now(UTC), ()).verdict == "ERROR"


def test_report__escapes_what_comes_from_data_and_asks_no_network() -> None:
    page = report.page(Verdict("b", datetime.now(UTC), (judged(1, (NOT_NULL, "FAIL")),)))
    assert "&lt;b&gt;có&lt;/b&gt;" in page and "<b>có" not in page
    assert "http" not in page and "không đạt" in page and "bảng điều hành giữ bản trước" in page


@pytest.fixture
def build_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    there = ("mart.dim_area", "mart.obs_indicator")  # what the small build has, but for the spans of areas
    spine = [
        e
        for e in suites()
        if e.relation in there and "valid_from" not in str(e.kwargs) and "valid_to" not in str(e.kwargs)
    ]
    monkeypatch.setattr(judge, "suites", lambda: spine)
    return make_home(tmp_path, monkeypatch)


@pytest.mark.slow
def test_ask__an_exception_a_missing_relation_and_an_empty_suite_are_errors(build_id: str) -> None:
    wrong = NOT_NULL.model_copy(update={"kwargs": {"column": "không_có"}})
    rows = Expectation(
        relation="mart.dim_area",
        expectation="unexpected_rows_expectation",
        kwargs={"unexpected_rows_query": "SELECT 1 FROM {batch} WHERE 1 / nonsense(2)"},
        reason=NOT_NULL.reason,
    )
    relations = [
        Relation("mart.dim_area", 1, "", (NOT_NULL, wrong, rows)),
        Relation("mart.gone", 1, "", (NOT_NULL,)),
        Relation("mart.ind_gv_done", 1, "", ()),
    ]
    found = list(judge.ask(connect.build_path(), relations))
    assert [r.outcome for r in found[0].results] == ["PASS", "ERROR", "ERROR"]
    assert [one.verdict for one in found] == ["ERROR"] * 3
    change_build("SELECT 1")  # nothing stayed open: the file can be written


@pytest.mark.slow
def test_judge__stores_the_verdict_and_a_fail_of_tier_1_holds_the_publication(build_id: str) -> None:
    seen: list[tuple[str, int, int]] = []
    assert judge.judge(build_id, progress=lambda *step: seen.append(step)).verdict == "PASS"
    assert [done for _, done, _ in seen] == [1, 2, 3, 4, 5, 6] and seen[0][2] == 6
    publish.publish(build_id)
    bad = make_build(more="UPDATE mart.dim_area SET is_current = false WHERE area_code = '00003';")
    verdict = judge.judge(bad)
    assert (verdict.verdict, [j.relation.name for j in verdict.holding]) == ("FAIL", ["mart.dim_area"])
    with pytest.raises(Fault) as held:
        publish.publish(bad)
    assert (held.value.code, held.value.exit_code) == ("IOC-401", 4)
    assert held.value.details["held_by"] == ["mart.dim_area"]
    served = publish.current()
    assert served and served.build_id == build_id
    with connect.served(served.path) as con:
        verdicts = con.execute("SELECT count(*), count(DISTINCT build_id) FROM quality.verdict").fetchone()
        score = con.execute("SELECT source_id, score FROM quality.source_day").fetchall()
        failed = con.execute("SELECT count(*) FROM quality.result WHERE outcome <> 'PASS'").fetchone()
    assert (verdicts, score, failed) == ((6, 1), [("so_thu_nghiem", 100.0)], (0,))
    assert verdict.report_path and "dim_area" in verdict.report_path.read_text(encoding="utf-8")


def test_judge__refuses_a_build_that_is_not_there(build_id: str) -> None:
    with pytest.raises(Fault) as refused:
        judge.judge("20000101T000000000000-0000")
    assert refused.value.code == "IOC-403"
