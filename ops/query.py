"""`ioc sql`: questions to a published build, read-only and sandboxed."""

from __future__ import annotations

import csv
import io
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from warehouse import connect, publish
from warehouse.errors import Fault

#: A cell that begins so would be run by a spreadsheet as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


@dataclass(frozen=True)
class Answer:
    build_id: str
    columns: list[str]
    rows: list[tuple[Any, ...]]
    is_cut: bool


def served(build_id: str | None = None) -> publish.Served:
    """The named build, or the one boards show. Raises `Fault` IOC-404 when there is none."""
    if build_id:
        found = next((one for one in publish.builds() if one.build_id == build_id), None)
        known = ", ".join(one.build_id for one in publish.builds()[:5]) or "–"
        what = build_id
    else:
        found, known, what = publish.current(), "–", "hiện hành"
    if found is None:
        raise Fault(
            "IOC-404",
            f"Không có bản công bố {what}.",
            f"There is no published build {build_id or 'yet'}.",
            why=f"published: {known}",
            fix="./ioc build list" if build_id else "./ioc run",
            exit_code=2 if build_id else 1,
        )
    return found


def ask(sql: str, *, build_id: str | None = None, seconds: float = 60.0, limit: int = 100_000) -> Answer:
    """At most `limit` rows. Raises `Fault` IOC-410 for what DuckDB does not understand or does not allow here (its own
    words, with candidates), IOC-411 when it takes longer than `seconds`."""
    one = served(build_id)
    with connect.served(one.path) as con:
        con.execute("USE mart")
        alarm = threading.Timer(seconds, con.interrupt)
        alarm.start()
        try:
            cursor = con.execute(sql)
            rows = cursor.fetchmany(limit + 1)
            columns = [column[0] for column in cursor.description or []]
        except duckdb.InterruptException:
            raise Fault(
                "IOC-411",
                f"Câu hỏi chạy quá {seconds:.0f} giây nên bị dừng.",
                f"The query took longer than {seconds:.0f} s and was stopped.",
                fix="thêm điều kiện, hoặc --timeout 300",
            ) from None
        except duckdb.Error as error:
            raise Fault(
                "IOC-410",
                "Câu SQL không chạy được.",
                "The SQL statement does not run.",
                why=str(error),
                fix='./ioc sql "SHOW ALL TABLES"',
                exit_code=2,
            ) from None
        finally:
            alarm.cancel()
    return Answer(one.build_id, columns, rows[:limit], len(rows) > limit)


def as_csv(answer: Answer) -> str:
    """CSV that a spreadsheet reads as values and never runs: text that begins like a formula gets an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([_harmless(name) for name in answer.columns])
    writer.writerows([[_harmless(cell) for cell in row] for row in answer.rows])
    return out.getvalue()


def _harmless(cell: object) -> object:
    return "'" + cell if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def read(path: Path, sql: str) -> list[dict[str, Any]]:
    """Rows of a served file as dictionaries; no rows where the relation is not there (an older build)."""
    with connect.served(path) as con:
        try:
            cursor = con.execute(sql)
        except duckdb.CatalogException:
            return []
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
