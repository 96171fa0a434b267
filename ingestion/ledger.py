"""Questions to the ledger: what came when, what is late, which expected slots are missing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb

from ingestion import landing
from ingestion.model import Source, Table, minutes, raw_name
from warehouse import connect
from warehouse.connect import quote

#: A station that was heard within this time is expected to report; one that has been silent longer was taken down.
_KNOWN_FOR = timedelta(days=7)

_STATUS = """
WITH newest AS (
    SELECT source_id, count(*) AS extracts, max(loaded_at) AS last_loaded_at, max(max_event_at) AS last_event_at,
           arg_max(extract_id, extract_id) AS last_extract_id, arg_max(run_id, extract_id) AS last_run_id,
           arg_max(drift, extract_id) AS drift,
           sum(rows_in)::BIGINT AS total_in, sum(rows_loaded)::BIGINT AS total_loaded,
           sum(rows_quarantined)::BIGINT AS total_quarantined, sum(rows_deduplicated)::BIGINT AS total_deduplicated
    FROM ops.extract GROUP BY 1),
last_run AS (
    SELECT x.source_id, sum(rows_in)::BIGINT AS rows_in, sum(rows_loaded)::BIGINT AS rows_loaded,
           sum(rows_quarantined)::BIGINT AS rows_quarantined, sum(rows_deduplicated)::BIGINT AS rows_deduplicated,
           sum(rows_deleted)::BIGINT AS rows_deleted
    FROM ops.extract x JOIN newest n ON x.source_id = n.source_id AND x.run_id = n.last_run_id GROUP BY 1),
attempt AS (
    SELECT source_id, max(finished_at) AS last_pull_at,
           arg_max(status, finished_at) AS status, arg_max(code, finished_at) AS code,
           arg_max(reason_vi, finished_at) AS reason_vi, arg_max(reason_en, finished_at) AS reason_en,
           max(finished_at) FILTER (status = 'ok') AS last_success_at
    FROM ops.pull GROUP BY 1),
held AS (SELECT source_id, count(*) AS quarantined_open FROM quarantine.row WHERE status = 'open' GROUP BY 1)
SELECT s.source_id, s.title_vi, s.title_en, s.tier, s.is_made_up, s.is_enabled, s.skipped_why, s.late_after_minutes,
       a.status, a.code, a.reason_vi, a.reason_en, a.last_pull_at, a.last_success_at,
       date_diff('minute', a.last_success_at, ?) AS age_minutes,
       s.is_enabled AND coalesce(age_minutes > s.late_after_minutes, true) AS is_late,
       n.extracts, n.last_extract_id, n.last_loaded_at, n.last_event_at, n.drift,
       r.rows_in, r.rows_loaded, r.rows_quarantined, r.rows_deduplicated, r.rows_deleted,
       n.total_in, n.total_loaded, n.total_quarantined, n.total_deduplicated,
       coalesce(h.quarantined_open, 0) AS quarantined_open
FROM ops.source s LEFT JOIN attempt a USING (source_id) LEFT JOIN newest n USING (source_id)
LEFT JOIN last_run r USING (source_id) LEFT JOIN held h USING (source_id)
ORDER BY s.source_id"""


def status(now: datetime | None = None) -> list[dict[str, Any]]:
    """One dictionary a declared source, keys as in the query above, and `slots`: one dictionary a table that has a
    slot (`table_name, slot_minutes, expected, captured` over the last 24 hours)."""
    now = now or datetime.now(UTC)
    with connect.intake() as con:
        rows = ask(con, _STATUS, now)
        for row in rows:
            row["slots"] = [_captured(con, table, now) for table in _slotted(con, row["source_id"])]
    return rows


def extracts(source_id: str, limit: int = 50) -> list[dict[str, Any]]:
    """The newest extracts of a source, as the ledger has them."""
    with connect.intake() as con:
        sql = "SELECT * FROM ops.extract WHERE source_id = ? ORDER BY extract_id DESC LIMIT ?"
        return ask(con, sql, source_id, limit)


def waiting(sources: Iterable[Source]) -> list[dict[str, Any]]:
    """Extracts that are held until somebody decides: `{source_id, table_name, extract_id, since, rows, code, reason_vi,
    reason_en, why, fix}`, oldest first within a source. `fix` is the command that decides."""
    with connect.intake() as con:
        return [
            {
                "source_id": source.id,
                "table_name": one.table.name,
                "extract_id": one.extract_id,
                "since": one.manifest.finished_at,
                "rows": one.manifest.rows,
                "code": why.code,
                "reason_vi": why.what_vi,
                "reason_en": why.what_en,
                "why": why.why,
                "fix": why.fix,
            }
            for source in sources
            for one, why in landing.waiting(con, source)
        ]


def unbalanced() -> list[dict[str, Any]]:
    """Extracts whose rows do not add up. Empty, or the ledger is wrong."""
    with connect.intake() as con:
        return ask(con, "SELECT * FROM ops.extract WHERE rows_in <> rows_loaded + rows_quarantined + rows_deduplicated")


def gaps(source_id: str, *, since: datetime | None = None, now: datetime | None = None) -> list[dict[str, Any]]:
    """Runs of missing slots since a time (default: 7 days back).

    Each is `{table_name, key_text, gap_from, gap_to, slots_missing, is_lost}`: from the last slot that came to the next
    one, or to `now` while the silence lasts. Lost: the source no longer has it (`recapture`), so no pull brings it by
    itself; else every pull asks for it again.
    """
    now = now or datetime.now(UTC)
    since = since or now - _KNOWN_FOR
    found: list[dict[str, Any]] = []
    with connect.intake() as con:
        for table in _slotted(con, source_id):
            kept = timedelta(minutes=table["recapture_minutes"] or 0)
            for gap in _gaps(con, table, since, now):
                found.append(gap | {"is_lost": gap["gap_to"] < now - kept or not kept})
    return found


def missing_since(con: duckdb.DuckDBPyConnection, source: Source, table: Table, now: datetime) -> datetime | None:
    """Since when slots are missing that the source can still give (`recapture`), or None."""
    if not (table.recapture and table.slot and table.cursor):  # files are taken whenever they come
        return None
    raw = raw_name(source.id, table.name)
    if not ask(con, "SELECT 1 FROM duckdb_tables() WHERE schema_name = 'raw' AND table_name = ?", raw):
        return None
    about: dict[str, Any] = {"source_id": source.id, "table_name": table.name, "primary_key": table.primary_key}
    about |= {"event_time": table.event_time, "slot_minutes": minutes(table.slot)}
    kept_since = now - timedelta(minutes=minutes(table.recapture))
    gaps = _gaps(con, about, kept_since - _KNOWN_FOR, now)
    return min((max(gap["gap_from"], kept_since) for gap in gaps if gap["gap_to"] > kept_since), default=None)


def _slotted(con: duckdb.DuckDBPyConnection, source_id: str) -> list[dict[str, Any]]:
    """Declared tables with a slot whose raw table exists."""
    return ask(
        con,
        """SELECT t.source_id, t.table_name, t.primary_key, t.event_time, t.slot_minutes, t.recapture_minutes
        FROM ops.source_table t
        JOIN duckdb_tables() d ON d.schema_name = 'raw' AND d.table_name = t.source_id || '__' || t.table_name
        WHERE t.source_id = ? AND t.slot_minutes IS NOT NULL AND t.event_time IS NOT NULL""",
        source_id,
    )


def _slots_of(table: dict[str, Any]) -> str:
    """A relation `(key_text, slot_at)` with one row a captured slot between two parameters."""
    series = [quote(k) for k in table["primary_key"] if k != table["event_time"]]
    key = f"concat_ws(' | ', {', '.join(series)})" if series else "''"
    at = quote(table["event_time"])
    raw = f"raw.{quote(raw_name(table['source_id'], table['table_name']))}"
    slot = f"INTERVAL {int(table['slot_minutes'])} MINUTE"
    return f"""(SELECT DISTINCT {key} AS key_text, time_bucket({slot}, {at}) AS slot_at
        FROM {raw} WHERE {at} > ? AND {at} <= ?)"""


def _captured(con: duckdb.DuckDBPyConnection, table: dict[str, Any], now: datetime) -> dict[str, Any]:
    day = timedelta(days=1)
    slots = f"""SELECT count(DISTINCT key_text) AS series, count(*) FILTER (slot_at > ?) AS captured
        FROM {_slots_of(table)}"""
    found = ask(con, slots, now - day, now - _KNOWN_FOR, now)[0]
    return {
        "table_name": table["table_name"],
        "slot_minutes": table["slot_minutes"],
        "expected": found["series"] * (1440 // table["slot_minutes"]),
        "captured": found["captured"],
    }


def _gaps(
    con: duckdb.DuckDBPyConnection, table: dict[str, Any], since: datetime, now: datetime
) -> list[dict[str, Any]]:
    slot = f"INTERVAL {int(table['slot_minutes'])} MINUTE"
    rows = ask(
        con,
        f"""SELECT key_text, slot_at AS gap_from, next_at AS gap_to,
               CAST(floor(epoch(next_at - slot_at) / epoch({slot})) AS BIGINT) - 1 AS slots_missing
        FROM (SELECT key_text, slot_at,
                     coalesce(lead(slot_at) OVER (PARTITION BY key_text ORDER BY slot_at), ?) AS next_at
              FROM {_slots_of(table)})
        WHERE slots_missing > 0 ORDER BY key_text, gap_from""",
        now,
        since,
        now,
    )
    return [{"table_name": table["table_name"], **row} for row in rows]


def ask(con: duckdb.DuckDBPyConnection, sql: str, *values: object) -> list[dict[str, Any]]:
    """The rows of a query as dictionaries; each `?` in it is one of the values."""
    found = con.execute(connect.bind(sql, *values))
    names = [d[0] for d in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
