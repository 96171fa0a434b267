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
from typing import TYPE_CHECKING, Any

import duckdb

from warehouse import connect, declare
from warehouse.connect import bind, literal, quote
from warehouse.errors import Fault
from warehouse.ids import new_id

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

Progress = Callable[[str], None]
#: What boards must learn besides new rows: a source that went down or came back, or that all is well still.
_HEARD = """SELECT 1 FROM ops.pull GROUP BY source_id
    HAVING max_by(status, finished_at) FILTER (finished_at <= ?) IS DISTINCT FROM max_by(status, finished_at)
        OR max(finished_at) > ? + INTERVAL 30 MINUTE
    LIMIT 1"""
#: What stewards decided changes what is open and what is graded.
_DECIDED = "SELECT 1 FROM ops.decision WHERE decided_at > ? OR confirmed_at > ? LIMIT 1"
#: What a duty officer did about an alarm stands on boards with the next build.
_STEPPED = "SELECT 1 FROM ops.alarm_step WHERE taken_at > ? LIMIT 1"


@dataclass(frozen=True)
class BuildResult:
    """`models` were built in `seconds`, `is_full` from nothing; the marts are in `connect.build_path()` under `build_id`."""

    build_id: str
    models: int
    seconds: float
    is_full: bool


@dataclass(frozen=True)
class Plan:
    """`select` in dbt's words; empty is every node. `full`: incremental models begin again."""

    full: bool
    select: tuple[str, ...]


EVERYTHING = Plan(full=True, select=())


@dataclass(frozen=True)
class Changes:
    """Raw tables that are not as the last build saw them: `grown` by rows, `remade` where rows also went or all are new."""

    grown: frozenset[str]
    remade: frozenset[str]


def fingerprint(con: duckdb.DuckDBPyConnection) -> str:
    """A hash of everything that a build depends on besides data: the dbt project and the declared sources."""
    digest = hashlib.sha256()
    project = declare.project_dir()
    for file in sorted(p for p in project.rglob("*") if p.is_file() and p.suffix in (".sql", ".yml", ".csv")):
        digest.update(str(file.relative_to(project)).encode())
        digest.update(file.read_bytes())
    for table in ("source", "source_table", "source_column"):
        digest.update(str(con.execute(f"SELECT count(*), bit_xor(hash(t)) FROM ops.{table} AS t").fetchone()).encode())
    return digest.hexdigest()


def is_needed() -> bool:
    """Whether any row, model or declaration changed, a source was heard of, or a steward decided, since the last build that was judged."""
    if not connect.build_path().exists():
        return True
    with connect.intake(wait_seconds=600) as con:
        last = con.execute("SELECT started_at, note, verdict FROM ops.build ORDER BY build_id DESC LIMIT 1").fetchone()
        if last is None or last[1] != fingerprint(con) or last[2] not in ("PASS", "FAIL"):
            return True
        changes = _changes(con, last[0])
        return (
            bool(changes.grown or changes.remade)
            or con.execute(bind(_HEARD, last[0], last[0])).fetchone() is not None
            or con.execute(bind(_DECIDED, last[0], last[0])).fetchone() is not None
            or con.execute(bind(_STEPPED, last[0])).fetchone() is not None
        )


def _changes(con: duckdb.DuckDBPyConnection, since: datetime) -> Changes:
    """Asked of the tables themselves, so that a replay or a rebuild counts as well as a pull."""
    there = con.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'raw' ORDER BY 1").fetchall()
    if not there:
        return Changes(frozenset(), frozenset())
    ends = " UNION ALL ".join(
        f"SELECT {literal(name)} AS name, min(_loaded_at) AS oldest, max(_loaded_at) AS newest FROM raw.{quote(name)}"
        for (name,) in there
    )
    newer = con.execute(bind(f"SELECT name, oldest > ? FROM ({ends}) WHERE newest > ?", since, since)).fetchall()
    fewer = con.execute(
        bind(
            "SELECT DISTINCT raw_name FROM ops.extract JOIN ops.source_table USING (source_id, table_name) WHERE loaded_at > ? AND rows_deleted > 0",
            since,
        )
    ).fetchall()
    remade = {name for name, is_all in newer if is_all} | {name for (name,) in fewer}
    return Changes(frozenset(name for name, _ in newer) - remade, frozenset(remade))


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
    os.environ["IOC_HOME"] = str(connect.home())
    with connect.lock(holder, wait_seconds=wait_seconds):
        kept = _kept_build()
        project = declare.working_copy()
        with connect.locked_writer() as con:
            declare.generate(con, project)
            manifest = _parse(project)
            mark = fingerprint(con)
            plan = EVERYTHING if full_refresh else _plan(con, manifest, mark, kept)
            row = {"build_id": build_id, "run_id": run_id, "started_at": started, "note": mark}
            con.execute(connect.insert("ops.build", [row]))
        say("dbt: dựng các bảng")
        models = _dbt(project, manifest, plan)
        with connect.locked_writer() as con:
            _describe(con, manifest)
            con.execute(
                bind(
                    "UPDATE ops.build SET finished_at = ?, models = ? WHERE build_id = ?",
                    datetime.now(UTC),
                    models,
                    build_id,
                )
            )
    return BuildResult(build_id, models, time.monotonic() - clock, plan.full)


def _kept_build() -> str | None:
    """The id in the build file; None when there is none to build upon. A file that does not open is set aside."""
    path = connect.build_path()
    if not path.exists():
        return None
    try:
        with connect.build_writer() as con:
            found = con.execute("SELECT build_id FROM catalog.build").fetchone()
            return str(found[0]) if found else None
    except duckdb.CatalogException:
        return None
    except duckdb.Error:
        for file in (path, path.with_name(path.name + ".wal")):
            if file.exists():
                file.rename(file.with_name(f"{file.name}.broken-{new_id()}"))
        return None


def _plan(con: duckdb.DuckDBPyConnection, manifest: Manifest, mark: str, kept: str | None) -> Plan:
    """What must be built. Everything from nothing when the file, a model or a declaration is another than before, or when a table
    changed that an incremental model reads whole; everything once a day, since many models count up to today; else
    what reads a changed table, the ledger or the clock."""
    finished = "SELECT max(build_id) FROM ops.build WHERE finished_at IS NOT NULL"
    since = con.execute(
        f"SELECT build_id, started_at, note, finished_at FROM ops.build WHERE build_id >= ({finished}) ORDER BY build_id"
    ).fetchall()
    if kept not in {build_id for build_id, *_ in since} or {note for _, _, note, _ in since} != {mark}:
        return EVERYTHING
    changes = _changes(con, since[0][1])
    changed = changes.grown | changes.remade
    for node in manifest.nodes.values():
        if node.resource_type.value == "model" and node.config.materialized == "incremental":
            follows = set(node.config.meta["follows"])
            if changed & (_raw_parents(manifest, node.unique_id) - follows) or changes.remade & follows:
                return EVERYTHING
    if since[-1][3] is None or not con.execute(bind("SELECT ?::DATE = current_date", since[0][1])).fetchall()[0][0]:
        return Plan(full=False, select=())
    return Plan(full=False, select=("tag:always+", *(f"source:raw.{name}+" for name in sorted(changed))))


def _raw_parents(manifest: Manifest, node_id: str) -> set[str]:
    found, todo = set(), [node_id]
    while todo:
        parents = manifest.parent_map[todo.pop()]
        found |= {p.split(".")[-1] for p in parents if p.startswith("source.")}
        todo += [p for p in parents if not p.startswith("source.")]
    return found


def dbt_arguments(project: Path) -> list[str]:
    home = connect.home()
    (home / "logs").mkdir(exist_ok=True)
    return [
        "--quiet", "--no-use-colors", "--project-dir", str(project), "--profiles-dir", str(project),
        "--target-path", str(home / "dbt-target"), "--log-path", str(home / "logs"), "--log-level", "none", "--log-level-file", "info",
    ]  # fmt: skip


def _parse(project: Path) -> Manifest:
    from dbt.cli.main import dbtRunner

    outcome: Any = dbtRunner().invoke(["--no-write-json", "parse", *dbt_arguments(project)])
    if not outcome.success:
        raise _failure(outcome)
    outcome.result.build_parent_and_child_maps()
    return outcome.result  # type: ignore[no-any-return]


def _dbt(project: Path, manifest: Manifest, plan: Plan) -> int:
    """One `dbt build` by the runner; returns the number of nodes. The runner keeps DuckDB's lock until told otherwise."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    what = [*(["--full-refresh"] if plan.full else []), *(["--select", *plan.select] if plan.select else [])]
    try:
        outcome: Any = dbtRunner(manifest=manifest).invoke(["build", *dbt_arguments(project), *what])
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


def _describe(con: duckdb.DuckDBPyConnection, manifest: Manifest) -> None:
    """`catalog.relation`, `column_doc` and `lineage` from dbt's manifest. `con` is the intake; the marts are attached."""
    nodes = [n for n in manifest.nodes.values() if n.resource_type.value == "model" and n.database == "marts"]
    relations: list[dict[str, object]] = [
        {"relation": n.name, "schema_name": n.schema, "description": n.description, "description_en": n.config.meta.get("en"),
         "key_columns": n.config.meta.get("key", []), "depends_on": sorted({d.split(".")[-1] for d in manifest.parent_map[n.unique_id]}),
         "sql_path": n.original_file_path, "open_json": json.dumps(n.config.meta["open"], ensure_ascii=False) if "open" in n.config.meta else None}
        for n in nodes
    ]  # fmt: skip
    columns: list[dict[str, object]] = [
        {"relation": n.name, "column_name": c.name, "data_type": c.data_type, "description": c.description, "description_en": c.config.meta.get("en")}
        for n in nodes
        for c in n.columns.values()
    ]  # fmt: skip
    layer = {**{i: n.schema for i, n in manifest.nodes.items()}, **dict.fromkeys(manifest.sources, "raw")}
    lineage: list[dict[str, object]] = [
        {"relation": child.split(".")[-1], "layer": layer[child], "parent": parent.split(".")[-1], "parent_layer": layer[parent]}
        for child, parents in manifest.parent_map.items()
        for parent in parents
        if child in layer and parent in layer
    ]  # fmt: skip
    con.execute(f"ATTACH {literal(str(connect.build_path()))} AS marts")
    con.execute("CREATE SCHEMA IF NOT EXISTS marts.catalog")
    con.execute(
        "CREATE OR REPLACE TABLE marts.catalog.relation (relation VARCHAR, schema_name VARCHAR, description VARCHAR,"
        " description_en VARCHAR, key_columns VARCHAR[], depends_on VARCHAR[], sql_path VARCHAR, open_json VARCHAR)"
    )
    con.execute(
        "CREATE OR REPLACE TABLE marts.catalog.column_doc"
        " (relation VARCHAR, column_name VARCHAR, data_type VARCHAR, description VARCHAR, description_en VARCHAR)"
    )
    con.execute(
        "CREATE OR REPLACE TABLE marts.catalog.lineage"
        " (relation VARCHAR, layer VARCHAR, parent VARCHAR, parent_layer VARCHAR)"
    )
    for table, rows in (("relation", relations), ("column_doc", columns), ("lineage", lineage)):
        con.execute(connect.insert(f"marts.catalog.{table}", rows))
