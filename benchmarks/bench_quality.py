"""What judging costs: 200 expectations of every kind over a table of ten million rows, against plain DuckDB SQL.

    python benchmarks/bench_quality.py                        # 10,000,000 rows, some minutes, 1 GB of disk
    python benchmarks/bench_quality.py --rows 1000000 --rounds 1

Three ways answer the same questions of the same file, in turns, each in a process of its own: `judge` is `quality.judge.ask`;
`statements` asks DuckDB one statement a question, as a person would write it; `one scan` asks everything that needs no grouping in a
single statement, which nothing can beat. Their answers must be the same. Prints Markdown, appends to `history_quality.csv`.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
HISTORY = HERE / "history_quality.csv"
WAYS = ("judge", "statements", "one scan")
TABLE = "mart.fct_reading"
CODED = 40
CODES = ["PM2.5", "PM10", "SO2", "NO2", "CO", "O3"]
VALUES = [f"value_{n}" for n in range(12)]
TEXTS = [f"text_{n}" for n in range(7)]
ROWS = f"""
CREATE SCHEMA mart;
CREATE TABLE {TABLE} AS SELECT i AS reading_id, 'T' || lpad((i % 60)::VARCHAR, 3, '0') AS station_code,
    ['{"', '".join(CODES)}'][1 + i // 60 % 6] AS parameter,
    TIMESTAMPTZ '2025-01-01 00:00:00+07' + INTERVAL (i // 360) MINUTE AS read_at, NULL::VARCHAR AS nothing,
    {", ".join(f"(hash(i, {n}) % 100000 / 1000.0)::DOUBLE AS {name}" for n, name in enumerate(VALUES))},
    {", ".join(f"CASE WHEN i % {1000 + n} > 0 THEN 'X' || (hash(i, {n + 50}) % {CODED}) END AS {name}" for n, name in enumerate(TEXTS))}
FROM range({{rows}}) AS r(i);
"""
Question = tuple[str, dict[str, Any], str, bool]  # kind, arguments, SQL that is true where it holds, does it group?


def questions() -> list[Question]:
    """Two hundred, every kind of `quality.expectation.Kind` among them; some do not hold."""
    found: list[Question] = []

    def ask(kind: str, sql: str, *, grouped: bool = False, **arguments: Any) -> None:
        found.append((kind, arguments, sql, grouped))

    def refuse(what: str, *, grouped: bool = False) -> None:
        query = f"SELECT 1 AS broken FROM {{batch}} {what}"
        plain = f"NOT EXISTS (SELECT 1 FROM {TABLE} {what})" if grouped else f"count(*) FILTER ({what[6:]}) = 0"
        ask("unexpected_rows_expectation", plain, grouped=grouped, unexpected_rows_query=query)

    columns = ["reading_id", "station_code", "parameter", "read_at", "nothing", *VALUES, *TEXTS]
    for name in columns:
        ask("expect_column_to_exist", "true", column=name)
        ask("expect_column_values_to_not_be_null", f"count({name}) = count(*)", column=name)
        share = f"coalesce(count({name}) / count(*), 0) >= 0.5"
        ask("expect_column_proportion_of_non_null_values_to_be_between", share, column=name, min_value=0.5)
    for name in VALUES:
        inside = f"count(*) FILTER (NOT {name} BETWEEN 0 AND 99.9) = 0"
        ask("expect_column_values_to_be_between", inside, column=name, min_value=0, max_value=99.9)
        ask("expect_column_min_to_be_between", f"min({name}) >= 0", column=name, min_value=0)
        ask("expect_column_max_to_be_between", f"max({name}) <= 100", column=name, max_value=100)
        ask(
            "expect_column_mean_to_be_between",
            f"avg({name}) BETWEEN 49 AND 51",
            column=name,
            min_value=49,
            max_value=51,
        )
        ask("expect_column_sum_to_be_between", f"sum({name}) >= 1", column=name, min_value=1)
        refuse(f"WHERE {name} < 0")
        refuse(f"WHERE abs({name} - 100.0 * {name} / nullif(100, 0)) > 0.05")
    allowed = [f"X{n}" for n in range(CODED)]
    listed = "', '".join(allowed)
    for name in TEXTS:
        refuse(f"WHERE NOT regexp_full_match({name}, 'X[0-9]+')")
        refuse(f"WHERE {name} NOT IN (SELECT unnest(['{listed}']))", grouped=True)
        ask(
            "expect_column_values_to_be_in_set",
            f"count(*) FILTER ({name} NOT IN ('{listed}')) = 0",
            column=name,
            value_set=allowed,
        )
        ask(
            "expect_column_values_to_not_be_in_set",
            f"count(*) FILTER ({name} IN ('X7', '')) = 0",
            column=name,
            value_set=["X7", ""],
        )
        ask(
            "expect_column_unique_value_count_to_be_between",
            f"count(DISTINCT {name}) <= {CODED}",
            grouped=True,
            column=name,
            max_value=CODED,
        )
    codes = "', '".join(CODES)
    ask("expect_column_distinct_values_to_be_in_set", f"NOT EXISTS (SELECT 1 FROM {TABLE} WHERE parameter NOT IN ('{codes}'))",
        grouped=True, column="parameter", value_set=CODES)  # fmt: skip
    ask("expect_column_values_to_be_null", "count(nothing) = 0", column="nothing")
    ask("expect_table_row_count_to_be_between", "count(*) >= 3", min_value=3)
    ask("expect_table_columns_to_match_set", "true", column_set=columns)
    unique = f"NOT EXISTS (SELECT 1 FROM {TABLE} GROUP BY ALL HAVING count(*) > 1)"
    ask("expect_column_values_to_be_unique", unique.replace("ALL", "reading_id"), grouped=True, column="reading_id")
    key = ["station_code", "parameter", "read_at"]
    ask("expect_compound_columns_to_be_unique", unique.replace("ALL", ", ".join(key)), grouped=True, column_list=key)
    refuse(f"GROUP BY {', '.join(key)} HAVING count(*) > 1", grouped=True)
    refuse("WHERE value_0 > value_1 + 100")
    refuse("WHERE read_at > now() + INTERVAL '1 hour'")
    return found


def judge(path: Path) -> list[bool]:
    from quality.baseline import Relation
    from quality.expectation import Expectation, Reason
    from quality.judge import ask

    words = Reason(vi="có", en="there")
    asked = []
    for kind, arguments, _, _ in questions():
        if query := arguments.get("unexpected_rows_query"):
            arguments = {"unexpected_rows_query": query.replace(":", r"\:")}
        asked.append(Expectation(relation=TABLE, expectation=kind, kwargs=arguments, reason=words))  # type: ignore[arg-type]
    (found,) = ask(path, [Relation(TABLE, 1, "", tuple(asked))])
    errors = [(r.expectation.about, r.observed) for r in found.results if r.outcome == "ERROR"]
    assert not found.trouble and not errors, (found.trouble, errors[:3])
    return [r.outcome == "PASS" for r in found.results]


def statements(path: Path) -> list[bool]:
    return _plain(path, [[number] for number in range(len(questions()))])


def one_scan(path: Path) -> list[bool]:
    alone = [[n] for n, (*_, grouped) in enumerate(questions()) if grouped]
    return _plain(path, [[n for n, (*_, grouped) in enumerate(questions()) if not grouped], *alone])


def _plain(path: Path, groups: list[list[int]]) -> list[bool]:
    from warehouse import connect

    asked, found = questions(), {}
    with connect.served(path) as con:
        for numbers in groups:
            whole = all("NOT EXISTS" in asked[n][2] for n in numbers)
            rest = "" if whole else f" FROM {TABLE}"
            row = con.execute(f"SELECT {', '.join(asked[n][2] for n in numbers)}{rest}").fetchone()
            if row is None:  # a constant of an empty table
                raise SystemExit("the table is empty")
            found |= dict(zip(numbers, map(bool, row), strict=True))
    return [found[n] for n in range(len(asked))]


def one(way: str, path: Path) -> dict[str, Any]:
    """One way in this process: seconds with and without its imports, peak MB, answers."""
    started = time.perf_counter()
    answers = {"judge": judge, "statements": statements, "one scan": one_scan}[way](path)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "mb": peak, "answers": answers}


def make(path: Path, rows: int) -> None:
    from warehouse import connect

    with connect.build_writer() as con:
        con.execute(ROWS.replace("{rows}", str(rows)))
        con.execute("CHECKPOINT")
    connect.build_path().rename(path)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=10_000_000)
    options.add_argument("--rounds", type=int, default=2)
    options.add_argument("--folder", type=Path, help="where the table is made (and removed)")
    options.add_argument("--way", help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.way:
        print(json.dumps(one(asked.way, asked.folder)))
        return
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        os.environ["IOC_HOME"] = folder
        path = Path(folder) / "marts.duckdb"
        make(path, asked.rows)
        found: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
        for _ in range(asked.rounds):
            for way in WAYS:
                command = [sys.executable, __file__, "--way", way, "--folder", str(path)]
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                if done.returncode:
                    raise SystemExit(done.stdout + done.stderr)
                found[way].append(json.loads(done.stdout.splitlines()[-1]))
    report(asked.rows, found)


def report(rows: int, found: dict[str, list[dict[str, Any]]]) -> None:
    ours = found["judge"][0]["answers"]
    best = {way: min(r["seconds"] for r in runs) for way, runs in found.items()}
    print(f"{len(ours)} questions, {sum(ours)} hold, {rows:,} rows, {os.cpu_count()} cores\n")
    print("| way | seconds | judge / it | peak MB | same answers |\n|---|---|---|---|---|")
    with HISTORY.open("a", newline="", encoding="utf-8") as file:
        for way, runs in found.items():
            same = all(r["answers"] == ours for r in runs)
            peak = max(r["mb"] for r in runs)
            print(
                f"| {way} | {best[way]:.1f} | {best['judge'] / best[way]:.2f} | {peak:,.0f} | {'yes' if same else '≠'} |"
            )
            when = datetime.now(UTC).isoformat(timespec="seconds")
            csv.writer(file).writerow([when, rows, len(ours), way, f"{best[way]:.2f}", f"{peak:.0f}", same])


if __name__ == "__main__":
    main()
