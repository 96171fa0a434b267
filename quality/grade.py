"""Đúng, đủ, sạch, sống: four grades from 0 to 100 for every source, table and indicator.

    grade = max(0, base − 50 × broken promises that stop − 10 × broken promises that warn)

`base` comes from the ledger and the contract (`int_source__graded`: rows that kept their contract, rows and slots that came,
rows that wait in quarantine, age against the promise). Each expectation counts in the one grade that it speaks of; one that
could not be asked counts as one that stops. A table begins at 100. An indicator has the worst grade of its sources,
less what its own table broke. What stewards demoted (`note`) costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import duckdb

from quality.verdict import Judged, Result
from warehouse.connect import has_table

GRADES = ("grade_valid", "grade_complete", "grade_clean", "grade_live")
COST = {"stop": 50.0, "warn": 10.0, "note": 0.0}
#: The grade that a rule speaks of; a rule that is not named speaks of what is valid. Freshness is in the base already.
SPEAKS_OF = {
    **dict.fromkeys(("column_present", "columns_as_promised", "volume_min", "volume_change", "silently_empty", "missing_periods"), "grade_complete"),
    **dict.fromkeys(
        ("key_unique", "grain_unique", "no_row_twice", "ledger_balances", "repeats", "correction_needed", "area_known", "key_conflicts"),
        "grade_clean",
    ),
    "events_move": "grade_live",
    "fresh": "",
}  # fmt: skip


def costs(results: Iterable[Result]) -> dict[str, float]:
    """What broken promises take from each grade."""
    found = dict.fromkeys(GRADES, 0.0)
    for one in results:
        grade = SPEAKS_OF.get(one.expectation.name, "grade_valid")
        if one.outcome != "PASS" and grade:
            found[grade] += COST["stop"] if one.outcome == "ERROR" else COST[one.expectation.severity]
    return found


def lowered(base: Mapping[str, float | None], taken: Mapping[str, float]) -> dict[str, float]:
    """Grades less what was taken, never below 0. A base that nobody knows is 100."""
    return {
        name: max(0.0, (100.0 if base.get(name) is None else float(base[name] or 0)) - taken[name]) for name in GRADES
    }


def bases(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, float | None]]:
    """Source → its grades from the ledger, as this build has them; none in a build that was made by hand."""
    if not has_table(con, "catalog", "source_grade"):
        return {}
    rows = con.execute(f"SELECT source_id, {', '.join(GRADES)} FROM catalog.source_grade").fetchall()
    return {row[0]: dict(zip(GRADES, row[1:], strict=True)) for row in rows}


def of_indicators(
    con: duckdb.DuckDBPyConnection, sources: Mapping[str, Mapping[str, float]], judged: Iterable[Judged]
) -> list[dict[str, Any]]:
    """One row an indicator: the worst of its sources, less what its own table broke."""
    if not has_table(con, "catalog", "indicator", "sources"):
        return []
    own = {j.relation.name: costs(j.results) for j in judged}
    found = []
    for code, model, names in con.execute("SELECT indicator_code, model, sources FROM catalog.indicator").fetchall():
        mine = [sources[name] for name in names or [] if name in sources]
        worst = {grade: min((one[grade] for one in mine), default=None) for grade in GRADES}
        found.append({"indicator_code": code} | lowered(worst, own.get(f"mart.{model}", dict.fromkeys(GRADES, 0.0))))
    return found


def carry(con: duckdb.DuckDBPyConnection) -> None:
    """The grades of `quality.indicator_grade` into the tables that boards read."""
    same = ", ".join(f"{name} = g.{name}" for name in GRADES)
    old, new = (", ".join(f"{t}.{name}" for name in GRADES) for t in ("o", "g"))
    for table, more in (
        ("obs_indicator", ""),
        ("mart_indicator_card", f", quality_score = round(least({new}))"),
    ):
        if has_table(con, "mart", table, "grade_valid"):
            con.execute(
                f"""UPDATE mart.{table} AS o SET {same}{more} FROM quality.indicator_grade AS g
                WHERE g.indicator_code = o.indicator_code AND ({old}) IS DISTINCT FROM ({new})"""
            )
