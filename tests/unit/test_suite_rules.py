"""Every rule of quality/suites passes its good rows and fails on its bad one: a rule without a row that breaks it is no rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from quality import expectation, judge
from quality.baseline import Relation

MODELS = Path(__file__).parents[2] / "dbt" / "models"
Row = dict[str, Any]
HOUR = {"hour_at": "2026-07-01 00:00:00+07"}
NEXT = {"hour_at": "2026-07-01 01:00:00+07"}
SPANS = [
    *({"area_code": f"{i:05d}", "area_name": "x", "level": "commune", "valid_from": "1900-01-01", "valid_to": "2025-06-30"} for i in range(547)),
    *({"area_code": f"{i}", "area_name": "x", "level": "district", "valid_from": "2025-01-01" if i == 380 else "1900-01-01", "valid_to": "2025-06-30"} for i in range(380, 406)),
    *({"area_code": f"{i}", "area_name": "x", "level": "district", "valid_from": "1900-01-01", "valid_to": "2024-12-31"} for i in (380, 406)),
]  # fmt: skip
TASKS = {"day_key": "20250725", "n_given": 91, "n_done": 38, "n_done_on_time": 30, "n_running": 50, "n_overdue": 3}
RATIO = {"indicator_code": "CN01", "period_key": "20253", "breakdown": "", "numerator": 165, "denominator": 492, "value": 33.5, "as_of": "2026-01-01", "extract_ids": ["e"]}  # fmt: skip
READ = {"n_rows": 12, "n_valid": 10, "n_status_01": 1, "n_status_02": 1, "n_negative": 0, "n_out_of_range": 0, "n_unusable": 0, "value_mean": 4.0, "capture_ratio": 0.8}  # fmt: skip
RIVER = {"level_m": 5.6, "bd1_m": 4.0, "bd2_m": 5.5, "bd3_m": 6.5, "alarm_level": 2}
LAKE = {"reservoir_code": "C", "is_level_out_of_range": False, "is_storage_implausible": False, "is_volume_impossible": False, "level_m": 100.0, **HOUR}  # fmt: skip
SCORE = {"month_key": "202601", "max_points": 20, "points": 18.0, "numerator": 9, "denominator": 10}
BENEFIT = {"area_code": "1", "people_paid": 9, "account_vnd": 5, "amount_vnd": 6, "transfers_without_bank": 0}
#: English reason → good rows, then what changes in the first of them (or a row to add) so that the rule breaks.
CASES: dict[str, tuple[list[Row], Row]] = {
    "Every area has a name": (SPANS, {"area_name": None}),
    "Two spans of one code never overlap": (SPANS, {"area_code": "00001", "valid_from": "2000-01-01"}),
    "547 units and 26 districts until 2025-06-30, 27 districts until the end of 2024": (SPANS, {"valid_to": "2025-06-29"}),
    "Every observation says as of when": ([RATIO], {"as_of": None}),
    "Every value points to its extracts": ([RATIO], {"extract_ids": []}),
    "165 firms are 33.5 % of 492 or 493 (§5.4)": ([RATIO], {"denominator": 494}),
    "The shares of an old unit sum to 1 and just one of them is its main part": ([{"old_code": "1", "weight": 0.5, "is_default": d} for d in (True, False)], {"weight": 0.6}),
    "Alarm 1 is below alarm 2 and alarm 2 below alarm 3": ([{"subject_code": "G", "level": f"alarm_{i}", "value_max": i} for i in (1, 2, 3)], {"value_max": 2}),
    "The log has each task done on the register's day": ([{"task_code": "1", "new_state": "hoan_thanh", "changed_date": "2026-01-02"}], {"changed_date": "2026-01-03"}),
    "Opening + income - spending = closing": ([{"balance_billion_vnd": 5, "closing_billion_vnd": 5}], {"closing_billion_vnd": 5.1}),
    "A quarter opens with what the last one left": ([{"opening_billion_vnd": 5, "previous_closing_billion_vnd": 5}], {"opening_billion_vnd": 4}),
    "Spending since the year began does not fall": ([{"change_million_vnd": 0}], {"change_million_vnd": -1}),
    "What was paid since January never falls within a year": ([{"is_falling": False}], {"is_falling": True}),
    "No more is paid than the year's plan": ([{"is_over_plan": False}], {"is_over_plan": True}),
    "Revenue never falls within a year and its parts make the total": ([{"is_falling": False, "domestic_billion_vnd": 1, "customs_billion_vnd": 2, "collected_billion_vnd": 3}], {"collected_billion_vnd": 4}),
    "No more people are served than live there": ([{"is_impossible": False}], {"is_impossible": True}),
    "Capital realised since a project began never falls": ([{"is_falling": False}], {"is_falling": True}),
    "No more households with fibre than households": ([{"is_impossible": False}], {"is_impossible": True}),
    "No more records or cards than people": ([{"people": 9, "records": 9, "cards": 9}], {"cards": 10}),
    "No commune with one to four poor households is shown": ([{"area_code": "1", "households": 9, "poor_households": 5}], {"poor_households": 4}),
    "No commune with fewer than five recipients is shown": ([{"area_code": "1", "recipients": 5}], {"recipients": 4}),
    "No commune with fewer than five people paid is shown": ([BENEFIT], {"people_paid": 4}),
    "A transfer names its bank": ([BENEFIT], {"transfers_without_bank": 1}),
    "Done + running + overdue = given (§5.3)": ([TASKS], {"n_overdue": 0}),
    "On 2025-07-25 as published: 91 given, 38 done, 53 under way (§5.3)": ([TASKS], {"n_done": 39, "n_running": 49}),
    "No more than 288 readings of a parameter a day (§5.5)": ([{"n_rows": 288, "n_expected": 288, "n_valid": 280}], {"n_rows": 289}),
    "Readings left out are all counted by reason, a mean is of valid ones alone and has its capture ratio (§5.6)": ([READ], {"n_negative": 1}),
    "The alarm level follows from metres (§5.7)": ([RIVER], {"alarm_level": 1}),
    "The words of the news agree with the metres (§5.7)": ([{"is_disputed": False}], {"is_disputed": True}),
    "Levels between dead and check level, storage within 0-110 % (§5.8)": ([LAKE], {"is_storage_implausible": True}),
    "A reservoir changes by no more than 3 m an hour, our threshold (§5.8)": ([LAKE, LAKE | NEXT], {"level_m": 96.9}),
    "No AQI without dust; the AQI is the largest sub-index (§5.9)": ([{"aqi": 80, "aqi_pm25": 80, "aqi_so2": 9}, {"aqi": None}], {"aqi_pm25": None, "aqi": 9}),
    "The parts of 766 make no more than 100 points; on time is no more than resolved (§5.10)": ([SCORE], {"numerator": 11}),
    "Tax codes have their form (§5.12)": ([{"tax_code": "2800123456"}, {"tax_code": "2800123456-001"}], {"tax_code": "28001"}),
    "Agency codes have the form of H56 (§5.12)": ([{"agency_code": "000.17.22.H56"}, {"agency_code": None}], {"agency_code": "H56"}),
    "Texts are composed Unicode without broken letters (§5.13)": ([{"entity_name": "Xã Đông Sơn"}], {"entity_name": "XÃ£ Ä\u0090ông"}),
    "Every indicator with figures has sources, a period, an owner and evidence (§5.14)": ([{"has_passport": True}], {"has_passport": False}),
}  # fmt: skip


@pytest.fixture(scope="module")
def contracts() -> dict[str, dict[str, str]]:
    files = [*(MODELS / "marts").rglob("*.yml"), *(MODELS / "serving").glob("*.yml")]
    models = [m for f in files for m in yaml.safe_load(f.read_text(encoding="utf-8"))["models"] if "columns" in m]
    return {m["name"]: {c["name"]: c["data_type"] for c in m["columns"]} for m in models}


def outcome(path: Path, rule: expectation.Expectation, columns: dict[str, str], rows: list[Row]) -> str:
    """What Great Expectations says of `rule` on a file whose relation has the promised columns and these rows."""
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as con:
        con.execute(
            f"CREATE SCHEMA mart; CREATE TABLE {rule.relation} ({', '.join(f'{n} {t}' for n, t in columns.items())})"
        )
        # The log's rule asks the register of tasks too.
        con.execute("CREATE TABLE IF NOT EXISTS mart.fct_task AS SELECT '1' AS task_code, DATE '2026-01-02' AS done_date, true AS is_done")  # fmt: skip
        for row in rows:
            con.execute(f"INSERT INTO {rule.relation} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", list(row.values()))  # fmt: skip
    (judged,) = judge.ask(path, [Relation(rule.relation, 1, "", (rule,))])
    return judged.results[0].outcome


def test_cases__are_one_for_each_rule_that_ships() -> None:
    assert sorted(CASES) == sorted(one.reason.en for one in expectation.suites()) and len(CASES) > 30


@pytest.mark.slow
@pytest.mark.parametrize("reason", CASES, ids=lambda text: text[:40])
def test_rule__passes_good_rows_and_fails_on_a_bad_one(reason: str, contracts: dict[str, dict[str, str]], tmp_path: Path) -> None:  # fmt: skip
    (rule,) = (one for one in expectation.suites() if one.reason.en == reason)
    columns, (good, change) = contracts[rule.relation.removeprefix("mart.")], CASES[reason]
    assert set(change) <= set(columns), "the row that breaks it names columns of the contract"
    assert outcome(tmp_path / "good.duckdb", rule, columns, good) == "PASS"
    assert outcome(tmp_path / "bad.duckdb", rule, columns, [good[0] | change, *good[1:]]) == "FAIL"
