"""A tier-1 break holds what was made from it and nothing else: the last good numbers stand in, and say so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from made_up_build import change_build, change_intake, make_build, make_home

from quality import judge
from warehouse import connect, publish
from warehouse.errors import Fault

pytestmark = pytest.mark.slow
#: Two indicators of two raw tables; the union and the card collect both, a view looks at the card.
MORE = """
DROP VIEW IF EXISTS mart.obs_indicator;
CREATE TABLE mart.obs_indicator AS
    SELECT 'GV01' AS indicator_code, * FROM mart.ind_gv_done UNION ALL SELECT 'MT01', * FROM mart.ind_mt_index;
CREATE TABLE mart.mart_indicator_card AS SELECT indicator_code, area_code, value FROM mart.obs_indicator;
CREATE TABLE catalog.held (indicator_code VARCHAR, relation VARCHAR, since_build VARCHAR, since_at TIMESTAMPTZ, root VARCHAR, reason_vi VARCHAR);
CREATE VIEW mart.card_now AS SELECT c.*, h.since_build FROM mart.mart_indicator_card AS c LEFT JOIN catalog.held AS h USING (indicator_code);
CREATE TABLE catalog.lineage AS SELECT * FROM (VALUES
    ('stg_ho_so', 'staging', 'so_thu_nghiem__ho_so', 'raw'), ('fct_task', 'mart', 'stg_ho_so', 'staging'),
    ('ind_gv_done', 'mart', 'fct_task', 'mart'), ('ind_mt_index', 'mart', 'stg_x', 'staging'),
    ('obs_indicator', 'mart', 'ind_gv_done', 'mart'), ('obs_indicator', 'mart', 'ind_mt_index', 'mart'),
    ('mart_indicator_card', 'mart', 'obs_indicator', 'mart'), ('card_now', 'mart', 'mart_indicator_card', 'mart'))
    AS l(relation, layer, parent, parent_layer);
"""
NEW = """
UPDATE mart.ind_gv_done SET value = 50, numerator = 45.5 WHERE area_code = '38';
UPDATE mart.ind_gv_done SET numerator = 25.5, value = 63.75 WHERE area_code = '00001';
UPDATE mart.ind_mt_index SET value = 77;
DELETE FROM mart.fct_task WHERE task_code = 'NV91';
"""
BREAK = "INSERT INTO raw.so_thu_nghiem__ho_so SELECT * REPLACE (NULL AS so, 'A9' AS ma) FROM raw.so_thu_nghiem__ho_so WHERE ma = 'A1'"
MEND = "DELETE FROM raw.so_thu_nghiem__ho_so WHERE ma = 'A9'"


@pytest.fixture
def first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(judge, "suites", list)
    build_id = make_home(tmp_path, monkeypatch)
    change_build(MORE)
    assert judge.judge(build_id).verdict == "PASS"
    publish.publish(build_id)
    return build_id


def next_build(changes: str = NEW) -> str:
    build_id = make_build(more=changes)
    change_build(MORE)
    return build_id


def served(sql: str) -> list[tuple[Any, ...]]:
    now = publish.current(verify=True)
    assert now
    with connect.served(now.path) as con:
        return con.execute(sql).fetchall()


VALUES = (
    "SELECT indicator_code, value FROM mart.card_now WHERE area_code = '38' OR indicator_code = 'MT01' ORDER BY ALL"
)


def test_hold__keeps_the_last_good_numbers_of_what_rests_on_the_broken_table_and_lets_others_go_on(first: str) -> None:
    change_intake(BREAK)
    bad = next_build()
    verdict = judge.judge(bad)
    assert (verdict.verdict, [j.relation.name for j in verdict.holding]) == ("FAIL", ["raw.so_thu_nghiem__ho_so"])
    done = publish.publish(bad)
    assert done.held == {"GV01": "raw.so_thu_nghiem__ho_so"}
    assert served("SELECT build_id FROM catalog.build") == [(bad,)]
    assert served(VALUES) == [("GV01", 41.76), ("MT01", 77.0)], "the broken one stays, the other is new"
    assert served("SELECT count(*) FROM mart.fct_task") == [(91,)], "its facts stay with it"
    assert served("SELECT DISTINCT value FROM mart.ind_gv_done WHERE area_code = '38'") == [(41.76,)]


def test_hold__says_since_which_build_and_why_and_keeps_saying_the_first(first: str) -> None:
    change_intake(BREAK)
    for _ in range(2):
        bad = next_build()
        judge.judge(bad)
        publish.publish(bad)
        said = served(
            "SELECT indicator_code, since_build, root, reason_vi FROM catalog.held WHERE indicator_code IS NOT NULL"
        )
        assert said == [("GV01", first, "raw.so_thu_nghiem__ho_so", "Cột bắt buộc so không được trống")]
    assert served("SELECT since_build FROM mart.card_now WHERE indicator_code = 'GV01' LIMIT 1") == [(first,)]
    assert publish.builds()[0].manifest["held"] == {"GV01": "raw.so_thu_nghiem__ho_so"}


def test_hold__ends_by_itself_when_the_table_is_mended(first: str) -> None:
    change_intake(BREAK)
    bad = next_build()
    judge.judge(bad)
    publish.publish(bad)
    change_intake(MEND)
    good = next_build()
    assert judge.judge(good).verdict == "PASS"
    assert publish.publish(good).held == {}
    assert served(VALUES) == [("GV01", 50.0), ("MT01", 77.0)] and served("FROM catalog.held") == []


def test_hold__of_an_indicators_own_table_keeps_that_indicator(first: str) -> None:
    bad = next_build(
        "UPDATE mart.ind_gv_done SET value = 99 WHERE area_code = '38'; UPDATE mart.ind_mt_index SET value = 77;"
    )
    judge.judge(bad)
    assert publish.publish(bad).held == {"GV01": "mart.ind_gv_done"}
    assert served(VALUES) == [("GV01", 41.76), ("MT01", 77.0)]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("UPDATE mart.dim_area SET is_current = false WHERE area_code = '00003'; INSERT INTO catalog.lineage VALUES"
         " ('ind_gv_done', 'mart', 'dim_area', 'mart'), ('ind_mt_index', 'mart', 'dim_area', 'mart')", "every indicator"),
        ("ALTER TABLE mart.ind_gv_done ADD COLUMN more INTEGER; UPDATE mart.ind_gv_done SET value = 99 WHERE area_code = '38'", "differs in: ind_gv_done"),
        ("DROP TABLE catalog.lineage; UPDATE mart.ind_gv_done SET value = 99 WHERE area_code = '38'", "no lineage"),
    ],
)  # fmt: skip
def test_hold__where_nothing_can_stand_in_holds_the_whole_build(first: str, change: str, why: str) -> None:
    bad = next_build("SELECT 1;")
    change_build(change)
    judge.judge(bad)
    with pytest.raises(Fault) as refused:
        publish.publish(bad)
    assert (refused.value.code, refused.value.exit_code) == ("IOC-401", 4) and why in str(refused.value.why)
    assert served("SELECT build_id FROM catalog.build") == [(first,)]


def test_hold__without_a_published_build_holds_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge, "suites", list)
    build_id = make_home(tmp_path, monkeypatch)
    change_build(MORE)
    change_intake(BREAK)
    judge.judge(build_id)
    with pytest.raises(Fault) as refused:
        publish.publish(build_id)
    assert "no published build" in str(refused.value.why) and publish.current() is None
