"""Old extracts leave the landing as their table's `retention` declares; without one, nothing ever does. The messages that a
landing service spooled leave with them, once every table of their source has loaded them.

The ledger says first that an extract is pruned, then its files go: a run killed in between leaves files that the next
one removes, never a ledger that points to nothing. What stays whatever is declared: the newest extract of a table (of a
whole table as many as `snapshots` says), and one with open quarantined rows, which could not be replayed without it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import duckdb

from ingestion.connectors import mqtt
from ingestion.model import Source, Table, minutes
from warehouse import connect, fault
from warehouse.connect import bind


def prune(
    sources: Iterable[Source], *, holder: str, wait_seconds: float = 30.0, now: datetime | None = None
) -> dict[str, int]:
    """Prune every table of these sources that declares a retention. Returns extracts pruned by `source.table`."""
    now = now or datetime.now(UTC)
    kept = [(source, table) for source in sources for table in source.tables if table.retention]
    if not kept:
        return {}
    with connect.writer(holder, wait_seconds=wait_seconds) as con:
        pruned = {f"{source.id}.{table.name}": _mark(con, source, table, now) for source, table in kept}
        fault.point("prune.marked")
        for source, table in kept:
            _remove(con, source, table)
        for source in {source.id: source for source, _ in kept}.values():
            _remove_spooled(con, source, now)
    return {name: count for name, count in pruned.items() if count}


def _mark(con: duckdb.DuckDBPyConnection, source: Source, table: Table, now: datetime) -> int:
    assert table.retention is not None
    stay = table.retention.snapshots if table.is_whole else 1
    before = now - timedelta(minutes=minutes(table.retention.keep))
    mine = bind("source_id = ? AND table_name = ?", source.id, table.name)
    row = con.execute(
        f"""UPDATE ops.extract SET pruned_at = {bind("?", now)}
        WHERE {mine} AND pruned_at IS NULL AND extracted_at < {bind("?", before)}
        AND extract_id NOT IN (SELECT extract_id FROM ops.extract WHERE {mine} ORDER BY extract_id DESC LIMIT {stay})
        AND extract_id NOT IN (SELECT extract_id FROM quarantine.row WHERE {mine} AND status = 'open')"""
    ).fetchone()
    assert row is not None
    return int(row[0])


def _remove(con: duckdb.DuckDBPyConnection, source: Source, table: Table) -> None:
    """The folders of everything that the ledger calls pruned, also by a run that was killed before it came here."""
    gone = "SELECT landing_path FROM ops.extract WHERE source_id = ? AND table_name = ? AND pruned_at IS NOT NULL"
    for (landing_path,) in con.execute(bind(gone, source.id, table.name)).fetchall():
        folder = connect.home() / landing_path
        if folder.exists():
            shutil.rmtree(folder)
            fault.point("prune.removed")


def _remove_spooled(con: duckdb.DuckDBPyConnection, source: Source, now: datetime) -> None:
    keeps = [minutes(table.retention.keep) for table in source.tables if table.retention]
    if source.connector.kind != "mqtt" or len(keeps) < len(source.tables):
        return
    before = f"{now - timedelta(minutes=max(keeps)):%Y%m%dT%H%M%S}"
    taken = "SELECT path FROM ops.file_seen WHERE source_id = ? GROUP BY path HAVING count(DISTINCT table_name) = ?"
    for (name,) in con.execute(bind(taken, source.id, len(keeps))).fetchall():
        if name < before:  # files are called after the time they began
            (mqtt.spool(source.id) / name).unlink(missing_ok=True)
