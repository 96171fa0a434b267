"""An expectation that could not be asked is an ERROR, alone, and says no value of a row."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from made_up_build import change_build, change_intake, make_home

from quality import judge
from quality.baseline import Relation
from quality.expectation import Expectation, Kind, Reason
from quality.verdict import Judged
from warehouse import connect

pytestmark = pytest.mark.slow
WORDS = Reason(vi="có", en="there")
#: Stands for a citizen's name; in a column that expectations break on.
CANARY = "Lê Thị Hoàng Yến 038199012345"


def about(kind: Kind, **kwargs: Any) -> Expectation:
    return Expectation(relation="mart.fct_task", expectation=kind, kwargs=kwargs, reason=WORDS)


def rows(query: str) -> Expectation:
    return about("unexpected_rows_expectation", unexpected_rows_query=query)


GOOD = about("expect_column_values_to_not_be_null", column="task_code")
GOOD_ROWS = rows("SELECT 1 AS broken FROM {batch} WHERE task_code = 'x'")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_home(tmp_path, monkeypatch)


def ask(*expectations: Expectation) -> Judged:
    (found,) = judge.ask(connect.build_path(), [Relation("mart.fct_task", 1, "", expectations)])
    assert found.trouble or len(found.results) == len(expectations)
    return found


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (about("expect_column_values_to_not_be_null", column="gone"), "does not exist"),
        (about("expect_column_mean_to_be_between", column="task_code", min_value=0), "Binder Error"),
        (about("expect_column_values_to_be_between", column="task_code", min_value=5, max_value=1), ""),
        (about("expect_column_values_to_be_between", colum="task_code", min_value=5), "field required"),
        (about("expect_table_row_count_to_be_between"), "would always hold"),
        (about("expect_column_values_to_not_be_null", column="task_code", mostly=0), "would always hold"),
        (rows("SELECT 1 FROM {batch} WHERE gone > 1"), "Binder Error"),
        (rows("SELECT 1 FROM mart.gone /* {batch} */"), "Catalog Error"),
        (rows("SELEC 1 FROM {batch}"), "Parser Error"),
        (rows("SELECT 1 FROM {batch} WHERE area_code = '{1,2}'"), ""),
        (rows("DROP TABLE {batch}"), "Parser Error"),
        (rows("SELECT 1 FROM {batch} WHERE task_code::INTEGER > 1"), "Conversion Error"),
        (rows(""), ""),
    ],
)
def test_ask__what_cannot_be_asked_is_an_error_and_its_neighbours_are_answered(wrong: Expectation, says: str) -> None:
    found = ask(GOOD, wrong, GOOD_ROWS)
    assert [r.outcome for r in found.results] == ["PASS", "ERROR", "PASS"], found
    assert says in found.results[1].observed and found.results[1].observed
    assert found.holds == "ERROR"


def test_ask__a_query_for_lost_columns_never_takes_them_from_the_relation() -> None:
    """`given_date` is a column of the relation and none of the table that the query reads."""
    found = ask(GOOD, rows("SELECT 1 FROM mart.dim_area WHERE given_date IS NULL /* {batch} */"))
    assert [r.outcome for r in found.results] == ["PASS", "ERROR"]


def test_ask__too_much_memory_is_an_error_of_that_question_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect, "served", partial(connect.served, memory="40MB"))
    heavy = rows(
        "SELECT 1 FROM (SELECT list(i) AS all_of_them FROM range(50000000) AS r(i)) WHERE len(all_of_them) = 0 /* {batch} */"
    )
    found = ask(GOOD, heavy, GOOD_ROWS)
    assert [r.outcome for r in found.results] == ["PASS", "ERROR", "PASS"]
    assert "Out of Memory" in found.results[1].observed


def test_ask__a_relation_that_takes_too_long_is_an_error_and_the_next_is_judged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from quality import engine

    monkeypatch.setattr(engine, "SECONDS", 0.5)
    endless = rows("SELECT 1 FROM range(10000000) AS a(i), range(10000000) AS b(j) WHERE hash(i, j) = 1 /* {batch} */")
    relations = [Relation("mart.fct_task", 1, "", (endless,)), Relation("mart.dim_area", 1, "", (GOOD_ROWS_OF_AREA,))]
    slow, quick = judge.ask(connect.build_path(), relations)
    assert (slow.verdict, quick.verdict) == ("ERROR", "PASS")
    assert "INTERRUPT" in slow.results[0].observed or "took longer" in slow.results[0].observed


GOOD_ROWS_OF_AREA = rows("SELECT 1 AS broken FROM {batch} WHERE area_code IS NULL")


def test_ask__no_value_of_a_row_is_in_answers_or_logs(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Every kind breaks on the canary, by its values and by being unreadable as a number."""
    change_build(
        f"ALTER TABLE mart.fct_task ADD COLUMN who VARCHAR; UPDATE mart.fct_task SET who = {connect.literal(CANARY)}"
    )
    column = {"column": "who"}
    asked = [
        about("expect_column_values_to_be_null", **column),
        about("expect_column_values_to_be_in_set", **column, value_set=["x"]),
        about("expect_column_values_to_be_unique", **column),
        about("expect_compound_columns_to_be_unique", column_list=["who", "area_code"]),
        about("expect_column_min_to_be_between", **column, max_value=1),
        about("expect_column_max_to_be_between", **column, max_value=1),
        about("expect_column_distinct_values_to_be_in_set", **column, value_set=["x"]),
        about("expect_column_mean_to_be_between", **column, max_value=1),
        rows("SELECT who FROM {batch}"),
        rows("SELECT 1 FROM {batch} WHERE who::INTEGER > 1"),
        rows("SELECT 1 FROM {batch} WHERE strptime(who, '%Y') > now()"),
        rows("SELECT 1 FROM {batch} WHERE error('người ' || who) IS NULL"),
    ]
    with caplog.at_level(logging.DEBUG):
        found = ask(*asked)
    said = [(r.outcome, r.observed) for r in found.results]
    assert [outcome for outcome, _ in said] == ["FAIL"] * 4 + ["ERROR"] * 2 + ["FAIL", "ERROR", "FAIL"] + [
        "ERROR"
    ] * 3, said
    told = "".join(r.observed for r in found.results) + caplog.text + "".join(capfd.readouterr())
    assert not [word for word in CANARY.split() if word in told]


def test_judge__a_relation_that_went_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    change_intake("DROP TABLE raw.so_thu_nghiem__ho_so")
    found = list(judge.ask(connect.intake_path(), [Relation("raw.so_thu_nghiem__ho_so", 1, "", (GOOD,))]))
    assert (found[0].verdict, found[0].trouble) == ("ERROR", "không có bảng này / there is no such relation")
