"""Each baseline rule has a row that breaks it, and then exactly that relation fails with exactly that rule."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_up_build import change_build, change_intake, make_home

from quality import baseline, judge
from quality.verdict import Judged
from warehouse import connect

pytestmark = pytest.mark.slow
RAW = "raw.so_thu_nghiem__ho_so"
ADD_RAW = "INSERT INTO raw.so_thu_nghiem__ho_so SELECT {} FROM raw.so_thu_nghiem__ho_so WHERE ma = 'A1'"
ADD_OBS = "INSERT INTO mart.ind_gv_done SELECT {} FROM mart.ind_gv_done WHERE area_code = '00001'"
EXTRACT = (
    "INSERT INTO ops.extract BY NAME SELECT 'e9' AS extract_id, 'so_thu_nghiem' AS source_id, 'ho_so' AS table_name,"
)
#: rule → relation → what breaks it. A rule of severity warn fails its expectation and leaves the relation PASS.
BREAKS = {
    "column_present": (RAW, "ALTER TABLE raw.so_thu_nghiem__ho_so DROP COLUMN loai"),
    "key_unique": (RAW, ADD_RAW.format("*")),
    "key_not_null": (RAW, ADD_RAW.format("* REPLACE (NULL AS ma)")),
    "required_not_null": (RAW, ADD_RAW.format("* REPLACE ('A9' AS ma, NULL AS so)")),
    "range": (RAW, ADD_RAW.format("* REPLACE ('A9' AS ma, 100.5 AS so)")),
    "code_list": (RAW, ADD_RAW.format("* REPLACE ('A9' AS ma, 'b' AS loai)")),
    "pattern": (RAW, ADD_RAW.format("* REPLACE ('a9' AS ma)")),
    "no_future_event": (RAW, ADD_RAW.format("* REPLACE ('A9' AS ma, now() + INTERVAL 2 HOUR AS luc)")),
    "volume_min": (RAW, "DELETE FROM raw.so_thu_nghiem__ho_so WHERE ma > 'A2'"),
    "ledger_balances": (RAW, EXTRACT + "5 AS rows_in, 3 AS rows_loaded, 1 AS rows_quarantined, 0 AS rows_deduplicated"),
    "volume_change": (RAW, EXTRACT + "2 AS rows_in, 2 AS rows_loaded, 0 AS rows_quarantined, 0 AS rows_deduplicated"),
    "key_conflicts": (
        RAW,
        EXTRACT
        + "5 AS rows_in, 4 AS rows_loaded, 1 AS rows_quarantined, 0 AS rows_deduplicated, 2 AS rows_conflicting",
    ),
    "events_move": (RAW, "UPDATE ops.extract SET max_event_at = now() - INTERVAL 73 HOUR"),
    "fresh": (RAW, "UPDATE ops.pull SET finished_at = now() - INTERVAL 61 MINUTE"),
    "grain_unique": ("mart.ind_gv_done", ADD_OBS.format("* REPLACE (0 AS numerator, 0 AS value)")),
    "area_known": ("mart.ind_gv_done", ADD_OBS.format("* REPLACE ('99999' AS area_code, 0 AS numerator, 0 AS value)")),
    "period_key": ("mart.ind_gv_done", ADD_OBS.format("* REPLACE ('20250230' AS period_key)")),
    "as_of_not_future": ("mart.ind_gv_done", "UPDATE mart.ind_gv_done SET as_of = now() + INTERVAL 2 HOUR"),
    "percent": (
        "mart.ind_gv_done",
        "UPDATE mart.ind_gv_done SET value = -1, denominator = NULL WHERE area_code = '00001'",
    ),
    "numerator_within_denominator": (
        "mart.ind_gv_done",
        "UPDATE mart.ind_gv_done SET denominator = 10, value = NULL WHERE area_code = '00001'",
    ),
    "value_is_quotient": ("mart.ind_gv_done", "UPDATE mart.ind_gv_done SET value = 41.77 WHERE area_code = '38'"),
    "province_is_sum": ("mart.ind_gv_done", "DELETE FROM mart.ind_gv_done WHERE area_code = '00002'"),
    "columns_as_promised": ("mart.fct_task", "ALTER TABLE mart.fct_task ADD COLUMN more INTEGER"),
    "communes_ward": (
        "mart.dim_area",
        "INSERT INTO mart.dim_area VALUES ('00167', 'Phường mới', 'phường', 0, true)",
    ),
    "communes_commune": ("mart.dim_area", "INSERT INTO mart.dim_area VALUES ('00167', 'Xã mới', 'xã', 0, true)"),
    "province_area": ("mart.dim_area", "UPDATE mart.dim_area SET area_km2 = area_km2 + 0.2 WHERE area_code = '00003'"),
    "no_row_twice": (
        "mart.bridge_x",
        "CREATE TABLE mart.bridge_x AS SELECT 1 AS old, [2] AS new FROM range(2)",
    ),
}
WARNINGS = {"fresh", "volume_change", "key_conflicts", "events_move"}
#: What only a whole table shows has rows that break it in test_baseline_detectors.py.
DETECTORS = {"silently_empty", "clock", "unit", "places", "repeats", "stuck", "negative", "missing_periods"}


@pytest.fixture
def build_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    return make_home(tmp_path, monkeypatch)


def ask() -> dict[str, Judged]:
    with connect.served(connect.build_path()) as con:
        build = baseline.build_relations(con)
    with connect.intake() as con:
        raw = baseline.raw_relations(con)
    answered = [*judge.ask(connect.intake_path(), raw), *judge.ask(connect.build_path(), build)]
    return {one.relation.name: one for one in answered}


def broken(judged: dict[str, Judged]) -> set[tuple[str, str]]:
    return {(name, r.expectation.name) for name, one in judged.items() for r in one.results if r.outcome != "PASS"}


def test_baseline__passes_whole_data_and_asks_every_rule(build_id: str) -> None:
    change_build("CREATE TABLE mart.bridge_x AS SELECT 1 AS old")
    judged = ask()
    asked = {r.expectation.name for one in judged.values() for r in one.results}
    assert broken(judged) == set()
    assert asked - DETECTORS == set(BREAKS), "every rule has a row that breaks it"
    assert {one.verdict for one in judged.values()} == {"PASS"}


@pytest.mark.parametrize("rule", BREAKS)
def test_baseline__a_broken_row_fails_its_relation_with_its_rule(rule: str, build_id: str) -> None:
    relation, sql = BREAKS[rule]
    (change_intake if relation.startswith("raw.") else change_build)(sql)
    judged = ask()
    # The union shows the same rows as the indicator: what breaks its grain or areas breaks there too.
    found = {f for f in broken(judged) if f[0] != "mart.obs_indicator"}
    assert found == {(relation, rule)}
    assert judged[relation].verdict == ("PASS" if rule in WARNINGS else "FAIL")
    assert not any("A1" in r.observed or "A9" in r.observed for one in judged.values() for r in one.results)


def test_baseline__lets_the_province_count_a_few_rows_without_a_place(build_id: str) -> None:
    change_build("UPDATE mart.ind_gv_done SET numerator = 17.7, denominator = 39.33 WHERE area_code = '00001'")
    assert broken(ask()) == set(), "37.7 of 38 is within one in a hundred"
    change_build("UPDATE mart.ind_gv_done SET numerator = 18.9, denominator = 42 WHERE area_code = '00001'")
    assert broken(ask()) == {("mart.ind_gv_done", "province_is_sum")}, "communes count something twice"


def test_baseline__judges_a_mart_by_the_key_that_it_promises(build_id: str) -> None:
    change_build(
        "INSERT INTO mart.fct_task SELECT * REPLACE (NULL AS done_date) FROM mart.fct_task WHERE task_code = 'NV01'"
    )
    assert broken(ask()) == {("mart.fct_task", "grain_unique")}, "the rows differ, the task is there twice"
