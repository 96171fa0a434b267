"""One build: generate from the declarations, run dbt once in this process, describe the result in `catalog`.

The build file is never served, so a build killed anywhere harms nobody; the next one rebuilds what it touches. A build
file that cannot be opened is set aside and made anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from warehouse import connect, declare
from warehouse.connect import bind, literal
from warehouse.errors import Fault
from warehouse.ids import new_id

Progress = Callable[[str], None]
#: What boards must learn: new or vanished rows, a source that went down or came back, or that all is well still.
_NEWER = """SELECT 1 FROM ops.extract WHERE loaded_at > ? AND rows_loaded + rows_deleted > 0
    UNION ALL
    SELECT 1 FROM ops.pull GROUP BY source_id
    HAVING max_by(status, finished_at) FILTER (finished_at <= ?) IS DISTINCT FROM max_by(status, finished_at)
        OR max(finished_at) > ? + INTERVAL 30 MINUTE
    LIMIT 1"""


@dataclass(frozen=True)
class BuildResult:
    """`models` were built in `seconds`; the marts are in `connect.build_path()` under `build_id`."""

    build_id: str
    models: int
    seconds: float


def fingerprint() -> str:
    """A hash of everything that a build depends on besides data: the dbt project and the declared sources."""
    digest = hashlib.sha256()
    project = declare.project_dir()
    for file in sorted(p for p in project.rglob("*") if p.is_file() and p.suffix in (".sql", ".yml", ".csv")):
        digest.update(str(file.relative_to(project)).encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def is_needed() -> bool:
    """Whether anything was loaded, or any model or declaration changed, since the last build that passed its verdict."""
    if not connect.build_path().exists():
        return True
    with connect.intake(wait_seconds=600) as con:
        last = con.execute("SELECT started_at, note, verdict FROM ops.build ORDER BY build_id DESC LIMIT 1").fetchone()
        if last is None or last[1] != fingerprint() or last[2] not in ("PASS", "FAIL"):
            return True
        newer = con.execute(bind(_NEWER, *[last[0]] * 3)).fetchone()
        return newer is not None


def build(
    *,
    run_id: str,
    full_refresh: bool = False,
    holder: str = "build",
    wait_seconds: float = 600,
    progress: Progress | None = None,
) -> BuildResult:
    """Run dbt on what is loaded. Raises `Fault` IOC-301 naming the model that failed, IOC-111 for a wrong pair."""
    say = progress or (lambda _: None)
    build_id, started, clock = new_id(), datetime.now(UTC), time.monotonic()
    mark = fingerprint()
    os.environ["IOC_HOME"] = str(connect.home())
    with connect.lock(holder, wait_seconds=wait_seconds):
        full_refresh = _set_aside_broken() or full_refresh
        with connect.locked_writer() as con:
            project = declare.working_copy()
            declare.generate(con, build_id, project)
            con.execute(
                "INSERT INTO ops.build (build_id, run_id, started_at, note) VALUES (?, ?, ?, ?)",
                [build_id, run_id, started, mark],
            )
        say("dbt: dựng các bảng")
        models = _dbt(project, full_refresh)
        with connect.locked_writer() as con:
            _describe(con)
            con.execute(
                "UPDATE ops.build SET finished_at = ?, models = ? WHERE build_id = ?",
                [datetime.now(UTC), models, build_id],
            )
    return BuildResult(build_id, models, time.monotonic() - clock)


def _set_aside_broken() -> bool:
    """Rename a build file that does not open; True when there is none to build upon."""
    path = connect.build_path()
    if not path.exists():
        return True
    try:
        with connect.build_writer():
            return False
    except duckdb.Error:
        for file in (path, path.with_name(path.name + ".wal")):
            if file.exists():
                file.rename(file.with_name(f"{file.name}.broken-{new_id()}"))
        return True


def _dbt(project: Path, full_refresh: bool) -> int:
    """One `dbt build` by the runner; returns the number of nodes. The runner keeps DuckDB's lock until told otherwise."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    home = connect.home()
    (home / "logs").mkdir(exist_ok=True)
    arguments = [
        "build", "--quiet", "--no-use-colors", "--project-dir", str(project), "--profiles-dir", str(project),
        "--target-path", str(home / "dbt-target"), "--log-path", str(home / "logs"), "--log-level", "none", "--log-level-file", "info",
        *(["--full-refresh"] if full_refresh else []),
    ]  # fmt: skip
    try:
        outcome: Any = dbtRunner().invoke(arguments)
    finally:
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
    if not outcome.success:
        raise _failure(outcome)
    return len(outcome.result.results)


def _failure(outcome: Any) -> Fault:
    results = getattr(outcome.result, "results", None) or []
    failed = [r for r in results if str(r.status) in ("error", "fail")]
    first = failed[0] if failed else None
    name = first.node.name if first else "dbt"
    message = (first.message if first else str(outcome.exception or "")).strip()
    compiled = str(getattr(first.node, "compiled_path", "") or "") if first else ""
    return Fault(
        "IOC-301",
        f"dbt không dựng được “{name}”" + (f" và {len(failed) - 1} mô hình khác." if len(failed) > 1 else "."),
        f"dbt could not build “{name}”" + (f" and {len(failed) - 1} more." if len(failed) > 1 else "."),
        why=message + (f"\n{compiled}" if compiled else ""),
        fix="sửa mô hình rồi ./ioc run (nhật ký: ./ioc logs dbt)",
        details={"models": [r.node.name for r in failed]},
    )


def _describe(con: duckdb.DuckDBPyConnection) -> None:
    """`catalog.relation` and `catalog.column_doc` from dbt's manifest. `con` is the intake; the marts are attached."""
    manifest = json.loads((connect.home() / "dbt-target" / "manifest.json").read_text(encoding="utf-8"))
    models = [n for n in manifest["nodes"].values() if n["resource_type"] == "model" and n["database"] == "marts"]
    con.execute(f"ATTACH {literal(str(connect.build_path()))} AS marts")
    con.execute("CREATE SCHEMA IF NOT EXISTS marts.catalog")
    con.execute(
        "CREATE OR REPLACE TABLE marts.catalog.relation (relation VARCHAR, schema_name VARCHAR, description VARCHAR, depends_on VARCHAR[], sql_path VARCHAR)"
    )
    con.execute(
        "CREATE OR REPLACE TABLE marts.catalog.column_doc (relation VARCHAR, column_name VARCHAR, description VARCHAR)"
    )
    for node in models:
        parents = sorted({d.split(".")[-1] for d in node["depends_on"]["nodes"]})
        con.execute(
            "INSERT INTO marts.catalog.relation VALUES (?, ?, ?, ?, ?)",
            [node["name"], node["schema"], node["description"], parents, node["original_file_path"]],
        )
        for column in node["columns"].values():
            con.execute(
                "INSERT INTO marts.catalog.column_doc VALUES (?, ?, ?)",
                [node["name"], column["name"], column["description"]],
            )
