"""Rows that broke their contract: read them, accept that they stay out, or replay them under the present contract."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import duckdb

from ingestion.landing import Landed, scan
from ingestion.ledger import ask
from ingestion.load import areas, compiled, corrections_used, ensure_raw, merge, raw_columns, supersede, typed
from ingestion.model import Source, Table
from warehouse import connect
from warehouse.connect import insert, literal
from warehouse.errors import Fault

_COLUMNS = """quarantine_id, source_id, table_name, extract_id, row_number, source_ref, key_text, rules, reasons_vi,
    reasons_en, status, created_at, resolved_at, resolved_by, resolved_why"""


def list_rows(source_id: str | None = None, *, status: str | None = "open", limit: int = 100) -> list[dict[str, Any]]:
    """Newest quarantined rows, without their values (`show` gives those)."""
    with connect.intake() as con:
        return ask(
            con,
            f"""SELECT {_COLUMNS} FROM quarantine.row
            WHERE (? IS NULL OR source_id = ?) AND (? IS NULL OR status = ?)
            ORDER BY created_at DESC, quarantine_id LIMIT ?""",
            source_id,
            source_id,
            status,
            status,
            limit,
        )


def summary() -> list[dict[str, Any]]:
    """Open rows per source, table and rule: `{source_id, table_name, rule, rows, example_vi, example_en}`."""
    with connect.intake() as con:
        return ask(
            con,
            """SELECT source_id, table_name, rule, count(*) AS rows, any_value(vi) AS example_vi,
                   any_value(en) AS example_en
            FROM (SELECT source_id, table_name, unnest(rules) AS rule, unnest(reasons_vi) AS vi,
                         unnest(reasons_en) AS en
                  FROM quarantine.row WHERE status = 'open')
            GROUP BY ALL ORDER BY rows DESC, source_id, table_name, rule""",
        )


def show(quarantine_id: str) -> dict[str, Any]:
    """One row with its original values (`row_json`). Raises `Fault` IOC-310 when there is none of that name."""
    with connect.intake() as con:
        sql = f"SELECT {_COLUMNS}, row_json FROM quarantine.row WHERE quarantine_id = ?"
        found = ask(con, sql, quarantine_id)
    if not found:
        raise unknown(quarantine_id)
    return found[0]


def of_one_table(ids: Sequence[str]) -> tuple[str, str]:
    """The source and table of open rows. Raises `Fault` IOC-310 for a row that is not open, or of another table than the
    first: a decision speaks of one table."""
    with connect.intake() as con:
        found = ask(
            con,
            """SELECT quarantine_id, source_id, table_name FROM quarantine.row
            WHERE status = 'open' AND quarantine_id IN (SELECT unnest(?::VARCHAR[]))""",
            list(ids),
        )
    tables = {row["quarantine_id"]: (row["source_id"], row["table_name"]) for row in found}
    for one in ids or [""]:
        if tables.get(one) != next(iter(tables.values()), ()):
            raise unknown(one)
    return tables[ids[0]]


def accept(*ids: str, by: str, why: str, holder: str = "quarantine", wait_seconds: float = 30.0) -> None:
    """A steward decides that rows stay out. They are not quarantined again while they come unchanged.

    Raises `Fault` IOC-310 when one of them is not open; then none is accepted.
    """
    with connect.writer(holder, wait_seconds=wait_seconds) as con:
        con.execute("BEGIN")
        changed = ask(
            con,
            """UPDATE quarantine.row SET status = 'accepted', resolved_at = ?, resolved_by = ?, resolved_why = ?
            WHERE status = 'open' AND quarantine_id IN (SELECT unnest(?::VARCHAR[]))""",
            datetime.now(UTC),
            by,
            why,
            list(ids),
        )
        if changed[0]["Count"] != len(set(ids)):
            con.execute("ROLLBACK")
            raise unknown(ids[0])
        con.execute("COMMIT")


def replay(
    source: Source,
    *,
    by: str,
    why: str = "replayed under the present contract",
    holder: str = "quarantine",
    wait_seconds: float = 30.0,
    now: datetime | None = None,
) -> tuple[int, int]:
    """Check a source's open rows against its present declaration and load those that pass, in one transaction.

    Rows are taken from their landed extract, whose values still have their own types; a row whose extract is no longer
    kept stays open. The ledger of each extract moves with them, so it still balances. Returns (now pass, of how many).
    """
    now = now or datetime.now(UTC)
    with connect.writer(holder, wait_seconds=wait_seconds) as con:
        groups = ask(
            con,
            """SELECT q.extract_id, x.landing_path, list(q.row_number) AS numbers
            FROM quarantine.row q JOIN ops.extract x USING (extract_id)
            WHERE q.source_id = ? AND q.status = 'open' GROUP BY ALL ORDER BY 1""",
            source.id,
        )
        con.execute("BEGIN")
        try:
            passed = sum(_replay_extract(con, source, **group, by=by, why=why, now=now) for group in groups)
            con.execute("COMMIT")
        except BaseException:
            con.execute("ROLLBACK")
            raise
    return passed, sum(len(group["numbers"]) for group in groups)


def _replay_extract(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    *,
    extract_id: str,
    landing_path: str,
    numbers: Sequence[int],
    by: str,
    why: str,
    now: datetime,
) -> int:
    """Load what passes now of one extract's open rows; returns how many."""
    folder = connect.home() / landing_path
    if not (folder / "manifest.json").exists():
        return 0
    one = Landed.read(folder, source)
    ensure_raw(con, one.source, one.table, raw_columns(con, one.source))
    rows = f"(SELECT * FROM {scan(one.files)} WHERE _row_number IN ({', '.join(map(str, numbers))}))"
    contract = compiled(con, one, rows, now, areas(con))
    con.execute(f"CREATE OR REPLACE TEMP TABLE replayed AS FROM ({typed(contract, rows)})")
    if used := corrections_used(con, contract, one, "replayed"):
        con.execute(insert("ops.correction_use", used))
    con.execute("CREATE OR REPLACE TEMP TABLE good AS FROM replayed WHERE NOT _broken")
    supersede(con, contract, one, now)
    loaded, duplicates, _ = merge(con, contract, one, now)
    ask(
        con,
        """UPDATE quarantine.row SET status = 'fixed', resolved_at = ?, resolved_by = ?, resolved_why = ?
        WHERE extract_id = ? AND status = 'open' AND row_number IN (SELECT _row_number FROM good)""",
        now,
        by,
        why,
        extract_id,
    )
    ask(
        con,
        """UPDATE ops.extract SET rows_quarantined = rows_quarantined - ?, rows_loaded = rows_loaded + ?,
        rows_deduplicated = rows_deduplicated + ? WHERE extract_id = ?""",
        loaded + duplicates,
        loaded,
        duplicates,
        extract_id,
    )
    con.execute("DROP TABLE good")
    con.execute("DROP TABLE replayed")
    return loaded + duplicates


def key_of(table: Table, row: dict[str, Any]) -> dict[str, str]:
    """The key of a quarantined row as it came, or {} when a part of it is empty."""
    values = json.loads(row["row_json"])
    found = {name: values.get(table.column(name).source_name) for name in table.primary_key}
    return {k: str(v).strip() for k, v in found.items()} if all(found.values()) else {}


def unknown(quarantine_id: str) -> Fault:
    """Nothing is open under that name."""
    return Fault(
        "IOC-310",
        f"Không có dòng cách ly nào đang mở tên {literal(quarantine_id)}.",
        f"There is no open quarantined row called {literal(quarantine_id)}.",
        why="it never existed, or it was fixed, accepted or superseded meanwhile",
        fix="./ioc quarantine list",
        exit_code=2,
    )
