"""What a broken tier-1 relation holds back, and how the last good numbers stand in for it.

A build is published although something in it is broken, but nothing that was made from the broken thing: every table of
`mart` downstream of it comes from the build that is served now, and so do the rows of its indicators in the tables that
collect all of them. Views are over those tables and need nothing. `catalog.held` says what is held, since which build, and
why, and the boards read it. Where nothing can stand in, the whole build waits, as a build that was never judged does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb

from warehouse import connect
from warehouse.connect import has_table, insert, literal, quote

#: Tables with rows of every indicator; what is made of them in turn must be a view.
COLLECTIONS = ("obs_indicator", "mart_indicator_card")


@dataclass(frozen=True)
class Hold:
    """`roots` are the broken relations and why (vi); `tables` of `mart` and `indicators` (code → its root) are held, and
    `last` is the file of the build that stands in."""

    roots: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, str] = field(default_factory=dict)
    indicators: Mapping[str, str] = field(default_factory=dict)
    last: Path | None = None
    refused: str = ""

    def __bool__(self) -> bool:
        return bool(self.roots)


def plan(build: Path, last: Path | None) -> Hold:
    """What must be held of the judged build in that file. `refused` says why the last build cannot stand in."""
    with connect.served(build) as con:
        roots = _roots(con)
        if not roots:
            return Hold()
        if not has_table(con, "catalog", "lineage"):
            return replace(Hold(roots), refused="bản dựng không ghi cái gì làm từ cái gì / the build has no lineage")
        whole: dict[str, str] = {}
        for root in roots:
            for relation in _downstream(con, root):
                whole.setdefault(relation, root)
        models = dict(con.execute("SELECT model, indicator_code FROM catalog.indicator").fetchall())
        there = _tables(con)
        tables = {name: root for name, root in whole.items() if name in there}
        held = Hold(roots, tables, {models[name]: root for name, root in whole.items() if name in models})
        if any(root.split(".", 1)[1] in COLLECTIONS for root in roots) or len(held.indicators) == len(models):
            return replace(held, refused="mọi chỉ tiêu đều bị ảnh hưởng / every indicator rests on it")
        columns = {name: _columns(con, name) for name in (*tables, *COLLECTIONS)}
    if last is None:
        return replace(held, refused="chưa có bản công bố nào để giữ lại / there is no published build to keep")
    with connect.served(last) as con:
        changed = sorted(name for name, found in columns.items() if _columns(con, name) != found)
    if changed:
        return replace(
            held, refused=f"bản đang phục vụ không có cùng cột / the served build differs in: {', '.join(changed)}"
        )
    return replace(held, last=last)


def stand_in(target: Path, held: Hold) -> None:
    """Put the last build's rows in the place of what is held, in the copy `target`, and say so in `catalog.held`."""
    assert held.last is not None
    last_build = held.last.parent.name
    with connect.copy_writer(target, held.last) as con:
        for name in held.tables:
            con.execute(f"DELETE FROM mart.{quote(name)}")
            con.execute(f"INSERT INTO mart.{quote(name)} BY NAME SELECT * FROM last.mart.{quote(name)}")
        codes = ", ".join(map(literal, held.indicators)) or "''"
        for name in COLLECTIONS:
            con.execute(f"DELETE FROM mart.{quote(name)} WHERE indicator_code IN ({codes})")
            con.execute(
                f"INSERT INTO mart.{quote(name)} BY NAME SELECT * FROM last.mart.{quote(name)} WHERE indicator_code IN ({codes})"
            )
        before = _held_before(con)
        built_at = con.execute("SELECT built_at FROM last.catalog.build").fetchone()
        assert built_at is not None
        con.execute("DELETE FROM catalog.held")
        rows: list[dict[str, object]] = []
        for code, root in held.indicators.items():
            since, at = before.get(code, (last_build, built_at[0]))
            rows.append({"indicator_code": code, "relation": None, "since_build": since, "since_at": at, "root": root})
        rows += [
            {"indicator_code": None, "relation": name, "since_build": last_build, "since_at": built_at[0], "root": root}
            for name, root in held.tables.items()
        ]
        con.execute(insert("catalog.held", [row | {"reason_vi": held.roots[str(row["root"])]} for row in rows]))
        con.execute("CHECKPOINT")


def _held_before(con: duckdb.DuckDBPyConnection) -> dict[str, tuple[str, object]]:
    """Indicators that the last build held already: since which build, and of when that is."""
    if not has_table(con, "catalog", "held", database="last"):
        return {}
    held = "SELECT indicator_code, since_build, since_at FROM last.catalog.held WHERE indicator_code IS NOT NULL"
    return {code: (since, at) for code, since, at in con.execute(held).fetchall()}


def _roots(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Relations that hold the publication, each with its first broken promise."""
    found = con.execute(
        """SELECT v.relation, coalesce(min(r.message_vi) FILTER (r.outcome <> 'PASS' AND r.severity = 'stop'), 'không kiểm được')
        FROM quality.verdict v LEFT JOIN quality.result r USING (build_id, relation)
        WHERE v.holds <> 'PASS' GROUP BY ALL ORDER BY ALL"""
    ).fetchall()
    return dict(found)


def _downstream(con: duckdb.DuckDBPyConnection, root: str) -> list[str]:
    """Models made from a relation, through any number of others but not through a collection; itself, if in `mart`."""
    schema, name = root.split(".", 1)
    barrier = ", ".join(map(literal, COLLECTIONS))
    layer = "= 'raw'" if schema == "raw" else "<> 'raw'"
    found = con.execute(
        f"""WITH RECURSIVE down(name) AS (
            SELECT {literal(name)} WHERE {literal(schema)} <> 'raw'
            UNION SELECT relation FROM catalog.lineage WHERE parent = {literal(name)} AND parent_layer {layer}
            UNION SELECT l.relation FROM catalog.lineage AS l JOIN down ON l.parent = down.name
                WHERE l.parent_layer <> 'raw' AND down.name NOT IN ({barrier}))
        SELECT name FROM down WHERE name NOT IN ({barrier}) ORDER BY 1"""
    ).fetchall()
    return [row[0] for row in found]


def _tables(con: duckdb.DuckDBPyConnection) -> set[str]:
    query = "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'mart' AND database_name = current_database()"
    return {row[0] for row in con.execute(query).fetchall()}


def _columns(con: duckdb.DuckDBPyConnection, table: str) -> list[tuple[str, str]]:
    query = f"""SELECT column_name, data_type FROM duckdb_columns() WHERE schema_name = 'mart' AND table_name = {literal(table)}
        AND database_name = current_database() ORDER BY 1"""
    return con.execute(query).fetchall()
