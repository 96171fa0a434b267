"""What the last builds were judged to be, for one relation or one rule: from the published builds themselves, and for
builds that were never published or are gone from the ledger, which keeps what did not pass."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from quality import report
from quality.verdict import Outcome
from warehouse import connect, publish
from warehouse.connect import bind
from warehouse.errors import Fault


@dataclass(frozen=True)
class Past:
    """One build. `asked` and `passed` are None where only the ledger is left, which does not know what passed; `outcome` is
    None where the build was not asked this, or nothing is known of it."""

    build_id: str
    checked_at: datetime | None
    outcome: Outcome | None
    asked: int | None
    passed: int | None
    failed: int
    errored: int
    cases: int
    broken: tuple[str, ...]


def history(subject: str, last: int = 20) -> list[Past]:
    """The newest builds first. `subject` is a relation (`mart.x` or `x`), a rule, or `relation:rule`.

    Raises `Fault` IOC-015 with near names when no kept build and no finding knows it.
    """
    published = {one.build_id: one.path for one in publish.builds()}
    with connect.intake() as con:
        judged = con.execute(
            bind(
                """SELECT build_id, max(s.checked_at) FROM ops.build LEFT JOIN ops.source_score AS s USING (build_id)
                WHERE verdict IS NOT NULL GROUP BY 1 ORDER BY 1 DESC LIMIT ?""",
                last,
            )
        ).fetchall()
        found = [
            _of_build(build_id, published[build_id], subject)
            if build_id in published
            else _of_ledger(con, build_id, checked_at, subject)
            for build_id, checked_at in judged
        ]
        if not any(one.outcome for one in found):
            _refuse_unknown(con, published.values(), subject)
    return found


def _of_build(build_id: str, path: Path, subject: str) -> Past:
    with connect.served(path) as con:
        when = con.execute("SELECT max(checked_at) FROM quality.verdict").fetchone()
        rows = con.execute(
            bind(
                f"""SELECT outcome, relation || ':' || expectation, coalesce(unexpected_count, 0) FROM quality.result
                WHERE {_matches("expectation")}""",
                subject,
            )
        ).fetchall()
    return _past(build_id, when[0] if when else None, rows, is_whole=True)


def _of_ledger(con: duckdb.DuckDBPyConnection, build_id: str, checked_at: datetime | None, subject: str) -> Past:
    rows = con.execute(
        bind(
            f"""SELECT outcome, relation || ':' || rule, coalesce(unexpected_count, 0) FROM ops.finding
            WHERE {_matches("rule")} AND build_id = ?""",
            subject,
            build_id,
        )
    ).fetchall()
    return _past(build_id, checked_at, rows, is_whole=False)


def _matches(rule: str) -> str:
    return f"? IN (relation, split_part(relation, '.', 2), {rule}, relation || ':' || {rule})"


def _past(build_id: str, checked_at: datetime | None, rows: list[tuple[str, str, int]], *, is_whole: bool) -> Past:
    outcomes = [outcome for outcome, _, _ in rows]
    worst: tuple[Outcome, ...] = ("ERROR", "FAIL", "PASS")
    return Past(
        build_id,
        checked_at,
        next((word for word in worst if word in outcomes), None),
        len(rows) if is_whole else None,
        outcomes.count("PASS") if is_whole else None,
        outcomes.count("FAIL"),
        outcomes.count("ERROR"),
        sum(cases for outcome, _, cases in rows if outcome != "PASS"),
        tuple(sorted({name for outcome, name, _ in rows if outcome != "PASS"})),
    )


def _refuse_unknown(con: duckdb.DuckDBPyConnection, paths: Iterable[Path], subject: str) -> None:
    known = {name for row in con.execute("SELECT DISTINCT relation, rule FROM ops.finding").fetchall() for name in row}
    known |= {relation for run in report.runs() for relation in run["relations"]}
    for path in paths:
        with connect.served(path) as build:
            rows = build.execute("SELECT DISTINCT relation, expectation FROM quality.result").fetchall()
            known |= {name for row in rows for name in row}
    known |= {name.partition(".")[2] for name in known if "." in name}
    if subject in known:
        return
    near = difflib.get_close_matches(subject, sorted(known), n=3, cutoff=0.5)
    raise Fault(
        "IOC-015",
        f"Chưa lần kiểm nào biết “{subject}”. Gần giống: {', '.join(near) or '–'}.",
        f"No judgement knows “{subject}”. Near: {', '.join(near) or '–'}.",
        why="it is no relation and no rule of the kept builds",
        fix="./ioc quality docs",
        exit_code=2,
    )
