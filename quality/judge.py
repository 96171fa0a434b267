"""The verdict on a build: Great Expectations, its SQL pushed down to DuckDB, three outcomes and never a silent pass.

An expectation PASSes, FAILs (the data breaks it) or is an ERROR (it could not be asked). An exception is always an ERROR:
Great Expectations itself reports it as `success: False`, which looks like broken data. A relation without expectations,
a relation that is not there, and fewer results than questions are ERRORs too.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from quality import anomaly, baseline, board, grade, report
from quality.baseline import Relation
from quality.expectation import Expectation, suites
from quality.verdict import Judged, Result, Verdict
from warehouse import connect
from warehouse.errors import Fault

if TYPE_CHECKING:
    from quality.engine import DuckDBExecutionEngine

#: Called with a relation's name, how many are done and how many there are.
Progress = Callable[[str, int, int], None]
WAIT_SECONDS = 60.0
#: What DuckDB raises without a value of a row in its words.
_SPEAKS_OF_NAMES = {"binder", "catalog", "parser", "out of memory", "interrupt"}
#: Counts, and none of the values that were counted.
_FORMAT = {"result_format": {"result_format": "BASIC", "partial_unexpected_count": 0}}
#: What these observe is a value of a row, which is never kept.
_OBSERVE_VALUES = {
    "expect_column_min_to_be_between",
    "expect_column_max_to_be_between",
    "expect_column_distinct_values_to_be_in_set",
}
#: A warning that stewards called false this often within so many days no longer warns.
FALSE_ALARMS, FALSE_ALARM_DAYS = 3, 90


def judge(build_id: str, *, progress: Progress | None = None) -> Verdict:
    """Judge the build that stands in the build file, store the verdict there and in `ops.build`, write the report.

    Raises `Fault` IOC-403 when another build stands there (before or after), IOC-075 when the warehouse is held.
    """
    with connect.lock("judge", shared=True, wait_seconds=WAIT_SECONDS):
        intake, build = _relations(build_id)
        total = len(intake) + len(build)
        judged: list[Judged] = []
        for path, relations in ((connect.intake_path(), intake), (connect.build_path(), build)):
            for one in ask(path, relations):
                judged.append(one)
                if progress:
                    progress(one.relation.name, len(judged), total)
        demoted = _demoted()
        verdict = Verdict(build_id, datetime.now(UTC), tuple(_demote(in_words(one), demoted) for one in judged))
    _store(verdict, demoted)
    return replace(verdict, report_path=report.write(verdict))


def in_words(judged: Judged) -> Judged:
    """The same, with what a detector found said in words instead of counted."""
    if not any(r.outcome == "FAIL" and r.expectation.detail for r in judged.results):
        return judged
    with connect.intake() as con:
        said = [_said(con, r) if r.outcome == "FAIL" and r.expectation.detail else r for r in judged.results]
    return replace(judged, results=tuple(said))


def _demoted() -> set[str]:
    """`relation:rule` of detectors that stewards called false too often."""
    with connect.intake() as con:
        return {
            row[0]
            for row in con.execute(
                f"""SELECT subject FROM ops.decision WHERE kind = 'false_alarm' AND decided_at > now() - INTERVAL {FALSE_ALARM_DAYS} DAY
                GROUP BY subject HAVING count(*) >= {FALSE_ALARMS}"""
            ).fetchall()
        }


def _demote(judged: Judged, demoted: set[str]) -> Judged:
    """A warning that cried wolf is noted and no longer warns; what stops a publication is never demoted."""
    return replace(judged, results=tuple(_noted(r) if _is_demoted(r, demoted) else r for r in judged.results))


def _is_demoted(result: Result, demoted: set[str]) -> bool:
    one = result.expectation
    return one.severity == "warn" and f"{one.relation}:{one.name}" in demoted


def _noted(result: Result) -> Result:
    why = f"Đã hạ mức: {FALSE_ALARMS} lần báo nhầm trong {FALSE_ALARM_DAYS} ngày"
    return replace(result, expectation=result.expectation.model_copy(update={"severity": "note", "note": why}))


def _said(con: duckdb.DuckDBPyConnection, result: Result) -> Result:
    words = "; ".join(row[0] for row in con.execute(result.expectation.detail).fetchall())
    return replace(result, observed=words[:1000])


def _relations(build_id: str) -> tuple[list[Relation], list[Relation]]:
    """Baseline and extra suites, for the intake and for the build."""
    extra = suites()
    if not connect.build_path().exists():
        raise _other_build(build_id, "none")
    with connect.served(connect.build_path()) as con:
        _require_build(con, build_id)
        build = baseline.build_relations(con)
    with connect.intake() as con:
        raw = baseline.raw_relations(con)
    raw_extra = [e for e in extra if e.relation.startswith("raw.")]
    return _merged(raw, raw_extra), _merged(build, [e for e in extra if e not in raw_extra])


def rules() -> list[Relation]:
    """Every rule in force, of the intake and of the build that stands there; without one, of what suites speak of."""
    with connect.intake() as con:
        found = baseline.raw_relations(con)
    if connect.build_path().exists():
        with connect.served(connect.build_path()) as con:
            found += baseline.build_relations(con)
    return _merged(found, suites())


def _merged(relations: list[Relation], extra: Iterable[Expectation]) -> list[Relation]:
    """Suites add to the baseline; a suite on a relation without one makes it known, at tier 2, and without an owner its own."""
    found = {r.name: r for r in relations}
    for one in extra:
        known = found.get(one.relation) or Relation(one.relation, 2, one.owner, ())
        expectations = (*known.expectations, one)
        found[one.relation] = replace(known, owner=known.owner or one.owner, expectations=expectations)
    return list(found.values())


def _require_build(con: duckdb.DuckDBPyConnection, build_id: str) -> None:
    try:
        row = con.execute("SELECT build_id FROM catalog.build").fetchone()
    except duckdb.CatalogException:
        row = None
    if not row or row[0] != build_id:
        raise _other_build(build_id, row[0] if row else "none")


def _other_build(build_id: str, there: str) -> Fault:
    return Fault(
        "IOC-403",
        f"Bản dựng {build_id} không có trong tệp dựng (hiện có: {there}).",
        f"Build {build_id} is not in the build file (there: {there}).",
        why="a newer build has replaced it, or it was never finished",
        fix="./ioc run",
    )


# --- Great Expectations ------------------------------------------------------------------------------------------------


def ask(path: Path, relations: Sequence[Relation]) -> Iterator[Judged]:
    """Put every expectation to the file at `path`, one relation after the other, through one read-only connection."""
    if not relations:
        return
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    from quality.engine import DuckDBExecutionEngine

    with _quiet(), connect.served(path) as con:
        engine = DuckDBExecutionEngine(con)
        for relation in relations:
            yield _ask(engine, relation)


@contextmanager
def _quiet() -> Iterator[None]:
    """The library logs what was raised, and with it values of rows; all of it comes back with the answers."""
    logger = logging.getLogger("great_expectations")
    before, logger.disabled = logger.level, False
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)


def _ask(engine: DuckDBExecutionEngine, relation: Relation) -> Judged:
    """All expectations of a relation as one graph, so that what can share a scan does."""
    from quality.engine import QuietValidator

    if not relation.expectations:
        return Judged(relation, (), "bộ kiểm tra rỗng / the suite is empty")
    if relation.name not in engine.columns:
        return Judged(relation, (), "không có bảng này / there is no such relation")
    answers: dict[int, Result] = {}
    asked = []
    try:
        with engine.batch(relation.name) as batch:
            for number, one in enumerate(relation.expectations):
                try:
                    asked.append(_configuration(one, number, batch))
                except Exception as error:  # arguments that the library refuses; they are ours and no values of rows
                    answers[number] = Result(one, "ERROR", " ".join(str(error).split())[:300])
            found: list[Any] = QuietValidator(engine).graph_validate(asked, _FORMAT)
        for answer in found:
            number = int(answer.expectation_config.meta["number"])
            answers[number] = _result(relation.expectations[number], answer)
    except Exception as error:  # whatever the library raises, it is no answer about the data
        return Judged(relation, (), _told(error))
    return Judged(relation, tuple(answers[n] for n in sorted(answers)))


def _configuration(one: Expectation, number: int, batch: str) -> Any:
    from great_expectations.expectations.registry import get_expectation_impl

    bounds = [one.kwargs.get(name) for name in ("min_value", "max_value")]
    if (one.expectation.endswith("_to_be_between") and bounds == [None, None]) or one.kwargs.get("mostly") == 0:
        raise ValueError("it has no bound and would always hold")
    wanted = get_expectation_impl(one.expectation)(**one.kwargs, meta={"number": number}).configuration
    wanted.kwargs["batch_id"] = batch
    return wanted


def _result(expectation: Expectation, answer: Any) -> Result:
    from quality.engine import Raised

    body = answer.result or {}
    observed = body.get("observed_value")
    raised = str(observed.error) if isinstance(observed, Raised) else _exception(answer.exception_info)
    if raised is not None:
        return Result(expectation, "ERROR", _told(raised))
    broken = body.get("unexpected_count")
    if expectation.expectation == "unexpected_rows_expectation":
        broken = observed
    is_of_a_row = observed is None or expectation.expectation in _OBSERVE_VALUES
    return Result(
        expectation,
        "PASS" if answer.success else "FAIL",
        "" if is_of_a_row else str(observed),
        None if broken is None else int(broken),
    )


def _exception(info: Any) -> str | None:
    """The message of what was raised. One exception is a flat record, several are records under metric names."""
    records = [info] if "raised_exception" in (info or {}) else list((info or {}).values())
    raised = [r for r in records if r.get("raised_exception")]
    return str(raised[0].get("exception_message")) if raised else None


def _told(error: object) -> str:
    """What was raised, on one line: whole where it speaks of names and limits, else its first words, because a value that
    cannot be converted stands in the message."""
    text = " ".join(str(error).split("[SQL:")[0].split())
    if kind := re.search(r"(?i)\b([a-z ]+?) error: ", text):
        return text[kind.start() :][:300] if kind[1].lower() in _SPEAKS_OF_NAMES else kind[0].rstrip(": ")
    if re.search("does not exist|took longer", text):
        return text[:300]
    return re.split(r"[:'\"\d]", text)[0].strip()[:300] or type(error).__name__


# --- the ledger of verdicts --------------------------------------------------------------------------------------------

#: The build file is one build: what an older one was judged to be lives in its own published file.
_TABLES = """
CREATE SCHEMA IF NOT EXISTS quality;
CREATE OR REPLACE TABLE quality.verdict (
    build_id VARCHAR, relation VARCHAR, tier INTEGER, verdict VARCHAR, holds VARCHAR, expectations INTEGER,
    passed INTEGER, failed INTEGER, errored INTEGER, checked_at TIMESTAMPTZ);
CREATE OR REPLACE TABLE quality.result (
    build_id VARCHAR, relation VARCHAR, expectation VARCHAR, column_name VARCHAR, kwargs_json VARCHAR,
    severity VARCHAR, outcome VARCHAR, observed VARCHAR, unexpected_count BIGINT, message_vi VARCHAR, message_en VARCHAR);
CREATE OR REPLACE TABLE quality.source_day (
    build_id VARCHAR, checked_at TIMESTAMPTZ, day DATE, source_id VARCHAR, expectations INTEGER, passed INTEGER, failed INTEGER,
    errored INTEGER, grade_valid DOUBLE, grade_complete DOUBLE, grade_clean DOUBLE, grade_live DOUBLE, score DOUBLE);
CREATE OR REPLACE TABLE quality.table_grade (
    build_id VARCHAR, relation VARCHAR, source_id VARCHAR, grade_valid DOUBLE, grade_complete DOUBLE, grade_clean DOUBLE,
    grade_live DOUBLE);
CREATE OR REPLACE TABLE quality.indicator_grade (
    indicator_code VARCHAR, grade_valid DOUBLE, grade_complete DOUBLE, grade_clean DOUBLE, grade_live DOUBLE);
"""


def _store(verdict: Verdict, demoted: set[str]) -> None:
    """Into the build file and the ledger, under one exclusive lock; the verdict in `ops.build` comes last."""
    with connect.writer("judge", wait_seconds=WAIT_SECONDS) as ledger:
        with connect.build_writer() as con:
            _require_build(con, verdict.build_id)
            con.execute("BEGIN")
            con.execute(_TABLES)
            scores = _source_rows(verdict, grade.bases(con))
            graded = {row["source_id"]: {name: row[name] for name in grade.GRADES} for row in scores}
            for table, rows in (
                ("verdict", _verdict_rows(verdict)),
                ("result", _result_rows(verdict)),
                ("source_day", scores),
                ("table_grade", _table_rows(verdict, graded)),
                ("indicator_grade", grade.of_indicators(con, graded, verdict.judged)),
            ):
                _insert(con, f"quality.{table}", rows)
            grade.carry(con)
            anomaly.write(con, verdict.build_id, demoted)
            _keep(ledger, _finding_rows(verdict), scores)
            board.write(con, ledger, verdict.checked_at)
            con.execute("COMMIT")
            con.execute("CHECKPOINT")
        stored = f"verdict = {connect.literal(verdict.verdict)}"
        build_id = connect.literal(verdict.build_id)
        ledger.execute(f"UPDATE ops.build SET {stored} WHERE build_id = {build_id}")
        ledger.execute(
            f"""INSERT INTO ops.build (build_id, verdict) SELECT {build_id}, {connect.literal(verdict.verdict)}
                WHERE NOT EXISTS (FROM ops.build WHERE build_id = {build_id})"""
        )


def _keep(ledger: duckdb.DuckDBPyConnection, findings: list[dict[str, Any]], scores: list[dict[str, Any]]) -> None:
    """What did not pass, and every source's grades, into the ledger; judging a build again says it once."""
    for table, rows in (("finding", findings), ("source_score", scores)):
        if scores:
            ledger.execute(connect.bind(f"DELETE FROM ops.{table} WHERE build_id = ?", scores[0]["build_id"]))
        if rows:
            ledger.execute(connect.insert(f"ops.{table}", rows))


def _insert(con: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]]) -> None:
    if rows:
        con.register("new_rows", pa.Table.from_pylist(rows))
        con.execute(f"INSERT INTO {table} BY NAME SELECT * FROM new_rows")
        con.unregister("new_rows")


def _verdict_rows(verdict: Verdict) -> list[dict[str, Any]]:
    return [
        {
            "build_id": verdict.build_id,
            "relation": j.relation.name,
            "tier": j.relation.tier,
            "verdict": j.verdict,
            "holds": j.holds,
            "expectations": len(j.relation.expectations),
            "passed": j.count("PASS"),
            "failed": j.count("FAIL"),
            "errored": len(j.relation.expectations) - j.count("PASS") - j.count("FAIL"),
            "checked_at": verdict.checked_at,
        }
        for j in verdict.judged
    ]


def _result_rows(verdict: Verdict) -> list[dict[str, Any]]:
    return [
        {
            "build_id": verdict.build_id,
            "relation": j.relation.name,
            "expectation": r.expectation.name,
            "column_name": r.expectation.about,
            "kwargs_json": json.dumps(r.expectation.kwargs, ensure_ascii=False, default=str),
            "severity": r.expectation.severity,
            "outcome": r.outcome,
            "observed": r.observed,
            "unexpected_count": r.unexpected_count,
            "message_vi": r.expectation.reason.vi,
            "message_en": r.expectation.reason.en,
        }
        for j in verdict.judged
        for r in j.results
    ]


def _finding_rows(verdict: Verdict) -> list[dict[str, Any]]:
    """Rows of `ops.finding`."""
    return [
        {
            "build_id": verdict.build_id,
            "checked_at": verdict.checked_at,
            "relation": j.relation.name,
            "tier": j.relation.tier,
            "source_id": j.relation.source_id,
            "rule": r.expectation.name,
            "column_name": r.expectation.about,
            "severity": r.expectation.severity,
            "outcome": r.outcome,
            "unexpected_count": r.unexpected_count,
            "message_vi": r.expectation.reason.vi + (f" — {r.observed}" if r.expectation.detail else ""),
            "message_en": r.expectation.reason.en,
            "owner": r.expectation.owner,
        }
        for j in verdict.judged
        for r in j.results
        if r.outcome != "PASS"
    ]


def _source_rows(verdict: Verdict, bases: Mapping[str, Mapping[str, float | None]]) -> list[dict[str, Any]]:
    """One row a source: how many expectations of its raw tables passed, its four grades, and the worst of them as score."""
    day = verdict.checked_at.astimezone(ZoneInfo(connect.TIME_ZONE)).date()
    rows = []
    for source_id in sorted({j.relation.source_id for j in verdict.judged if j.relation.source_id}):
        mine = [j for j in verdict.judged if j.relation.source_id == source_id]
        asked = sum(len(j.relation.expectations) for j in mine)
        passed = sum(j.count("PASS") for j in mine)
        failed = sum(j.count("FAIL") for j in mine)
        grades = grade.lowered(bases.get(source_id, {}), grade.costs(r for j in mine for r in j.results))
        rows.append(
            {
                "build_id": verdict.build_id,
                "checked_at": verdict.checked_at,
                "day": day.isoformat(),
                "source_id": source_id,
                "expectations": asked,
                "passed": passed,
                "failed": failed,
                "errored": asked - passed - failed,
                **grades,
                "score": min(grades.values()),
            }
        )
    return rows


def _table_rows(verdict: Verdict, sources: Mapping[str, Mapping[str, float]]) -> list[dict[str, Any]]:
    """One row a raw table."""
    return [
        {"build_id": verdict.build_id, "relation": j.relation.name, "source_id": j.relation.source_id}
        | grade.lowered({}, grade.costs(j.results))
        for j in verdict.judged
        if j.relation.source_id in sources
    ]
