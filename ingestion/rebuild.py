"""A raw table anew from its landing alone, in one transaction: the proof that the landing is enough, and the remedy when
a contract was mended.

Every extract is judged as of the day it was loaded, by the present declaration, in the order it was pulled. Under an
unchanged declaration the result is the table as it was, row by row. Rows of extracts that were pruned cannot be made
again, so they stay as they are. Decisions of stewards (rows accepted to stay out) hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from ingestion.landing import Landed
from ingestion.load import Books, areas, chain, damaged, ensure_raw, load_one
from ingestion.model import Source, Table, raw_name
from warehouse import connect, fault
from warehouse.connect import bind, insert, quote
from warehouse.errors import Fault


@dataclass(frozen=True)
class Rebuilt:
    """`rows` are in the table now; `kept` of them were not made again, because their extracts are pruned: only what was
    pulled since `since` was. `is_equal`: the table is as it was, times of
    loading aside."""

    source_id: str
    table: str
    extracts: int
    rows: int
    kept: int
    since: datetime | None
    is_equal: bool


def rebuild(source: Source, table_name: str | None = None, *, holder: str, wait_seconds: float = 30.0) -> list[Rebuilt]:
    """Rebuild one table of a source, or all. Raises `Fault` IOC-102 for an unknown table and IOC-305 when an extract
    that the ledger calls kept is missing or damaged; then nothing was changed."""
    tables = [table for table in source.tables if table_name in (None, table.name)]
    if not tables:
        raise Fault(
            "IOC-102",
            f"Nguồn {source.id} không có bảng “{table_name}”.",
            f"Source {source.id} has no table “{table_name}”.",
            fix=f"một trong: {', '.join(table.name for table in source.tables)}",
            exit_code=2,
        )
    with connect.writer(holder, wait_seconds=wait_seconds) as con:
        fault.point("rebuild.begin")
        con.execute("BEGIN")
        try:
            done = [_rebuild(con, source, table) for table in tables]
            fault.point("rebuild.commit")
            con.execute("COMMIT")
        except BaseException:
            con.execute("ROLLBACK")
            raise
        fault.point("rebuild.committed")
    return done


def rebuild_all(sources: Iterable[Source], *, holder: str, wait_seconds: float = 30.0) -> list[Rebuilt]:
    """The whole raw layer: every source that was ever loaded, administrative units first, because the areas of the others
    are judged by them. A source whose landing is not enough stays as it was, the others are rebuilt; then the first such
    `Fault` is raised."""
    with connect.intake() as con:
        loaded = {source_id for (source_id,) in con.execute("SELECT DISTINCT source_id FROM ops.extract").fetchall()}
    chosen = [source for source in sources if source.id in loaded]
    done: list[Rebuilt] = []
    faults: list[Fault] = []
    for source in sorted(chosen, key=lambda one: one.connector.kind != "admin_units"):
        try:
            done += rebuild(source, holder=holder, wait_seconds=wait_seconds)
        except Fault as fault:
            faults.append(fault)
    if faults:
        raise faults[0]
    return done


def _rebuild(con: duckdb.DuckDBPyConnection, source: Source, table: Table) -> Rebuilt:
    mine = bind("source_id = ? AND table_name = ?", source.id, table.name)
    raw = f"raw.{quote(raw_name(source.id, table.name))}"
    known = con.execute(
        f"SELECT extract_id, landing_path, loaded_at, pruned_at FROM ops.extract WHERE {mine} ORDER BY extract_id"
    ).fetchall()
    pruned = [extract_id for extract_id, _, _, at in known if at is not None]
    extracts = [(_intact(source, path), loaded_at) for _, path, loaded_at, at in known if at is None]
    books = Books(con, source)
    ensure_raw(con, source, table, books.raw)
    before = _checksum(con, raw)
    _empty(con, table, raw, mine, pruned, extracts[0][0].manifest.started_at if extracts else None)
    kept = _count(con, f"SELECT count(*) FROM {raw}")
    books.newest[table.name] = max(pruned, default="")
    known_areas = areas(con) if table.area else None
    for one, loaded_at in extracts:
        load_one(con, books, one, known_areas, loaded_at)
        fault.point("rebuild.middle")
    _keep_decisions(con, mine)
    if books.extracts:
        con.execute(insert("ops.extract", books.extracts))
    after = _checksum(con, raw)
    if after != before:
        _make_new(con, raw, mine)
    since = extracts[0][0].manifest.started_at if extracts else None
    rows = _count(con, f"SELECT count(*) FROM {raw}")
    return Rebuilt(source.id, table.name, len(extracts), rows, kept, since, after == before)


def _intact(source: Source, landing_path: str) -> Landed:
    folder = connect.home() / landing_path
    try:
        one = Landed.read(folder, source)
        broken = damaged(one)
    except (OSError, ValueError) as error:
        broken = f"manifest.json ({type(error).__name__})"
    if broken is None:
        return one
    raise Fault(
        "IOC-305",
        f"Không dựng lại được {source.id}: {landing_path}/{broken} mất hoặc hỏng.",
        f"{source.id} cannot be rebuilt: {landing_path}/{broken} is missing or damaged.",
        why="rows of that extract would be lost; nothing was changed",
        fix="./ioc restore (bản sao lưu có landing/), rồi dựng lại",
    )


def _empty(
    con: duckdb.DuckDBPyConnection, table: Table, raw: str, mine: str, pruned: Sequence[str], since: datetime | None
) -> None:
    """The table, its ledger and its quarantine as they were before the first extract that is still there."""
    again = "NOT list_contains(" + bind("?", list(pruned)) + "::VARCHAR[], {})"
    con.execute(f"DELETE FROM {raw} WHERE {again.format('_extract_id')}")
    if table.mode == "history" and table.is_whole and since is not None:
        con.execute(f"UPDATE {raw} SET _valid_to = NULL WHERE _valid_to >= {bind('?', since)}")
    elif table.mode == "history":
        chain(con, table, raw, among=raw)
    con.execute(f"DELETE FROM ops.extract WHERE {mine} AND pruned_at IS NULL")
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE decided AS SELECT row_json, resolved_at, resolved_by, resolved_why
        FROM quarantine.row WHERE {mine} AND status = 'accepted'
        QUALIFY row_number() OVER (PARTITION BY row_json ORDER BY resolved_at DESC) = 1"""
    )
    con.execute(f"DELETE FROM quarantine.row WHERE {mine} AND status <> 'fixed' AND {again.format('extract_id')}")


def _keep_decisions(con: duckdb.DuckDBPyConnection, mine: str) -> None:
    con.execute(
        f"""UPDATE quarantine.row q SET status = 'accepted', resolved_at = d.resolved_at, resolved_by = d.resolved_by,
               resolved_why = d.resolved_why
        FROM decided d WHERE {mine} AND q.row_json = d.row_json AND q.status IN ('open', 'superseded')"""
    )


def _checksum(con: duckdb.DuckDBPyConnection, raw: str) -> object:
    """Of all rows in whatever order, with their lineage but the time of loading."""
    every = f"SELECT hash(r) AS h FROM (SELECT * EXCLUDE (_loaded_at) FROM {raw}) r"
    return con.execute(f"SELECT count(*), sum(h::HUGEINT), bit_xor(h) FROM ({every})").fetchone()


def _make_new(con: duckdb.DuckDBPyConnection, raw: str, mine: str) -> None:
    """A table that changed counts as loaded now, so that the next build takes all of it."""
    now = bind("?", datetime.now(UTC))
    con.execute(f"UPDATE {raw} SET _loaded_at = {now}")
    con.execute(
        f"""UPDATE ops.extract SET loaded_at = {now} WHERE extract_id = (
            SELECT max(extract_id) FROM ops.extract WHERE {mine} AND rows_loaded + rows_deleted > 0)"""
    )


def _count(con: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = con.execute(sql).fetchone()
    assert row is not None
    return int(row[0])
