"""From the landing to `raw`: one transaction a source, in which rows, ledger, watermark and quarantine move together.

What is promised: an extract is loaded once, however often it is offered; every row of it is loaded, quarantined or
recognised as a duplicate, and the three add up; a process killed at any point leaves the intake as it was before or as
it is after. Everything is set-based SQL over the landed Parquet, so memory is bounded by DuckDB's limit and not by the
table.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

import duckdb

from ingestion.clean import text
from ingestion.contract import FUTURE, Areas, Contract, compile_contract, stored_columns
from ingestion.extract import Landed, cursor_text, unloaded
from ingestion.model import DUCKDB_TYPE, Source, Table, raw_name
from warehouse import connect, fault
from warehouse.connect import bind, literal, quote
from warehouse.errors import Fault

_LINEAGE = [
    ("_extract_id", "VARCHAR"),
    ("_loaded_at", "TIMESTAMP WITH TIME ZONE"),
    ("_row_number", "BIGINT"),
    ("_source_ref", "VARCHAR"),
    ("_row_hash", "UBIGINT"),
]
_TYPE_NAMES = {"TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE"}


@dataclass(frozen=True)
class Loaded:
    """What became of one extract; the counts are also its row in `ops.extract`."""

    source_id: str
    table: str
    extract_id: str
    rows_in: int
    rows_loaded: int
    rows_quarantined: int
    rows_deduplicated: int
    rows_deleted: int


def load(
    landed: Sequence[Landed], *, holder: str, wait_seconds: float = 0.0, now: datetime | None = None
) -> list[Loaded]:
    """Load extracts, and first those that an earlier, killed run of the same sources landed without loading.

    An extract that is in the ledger already is passed over. Raises `Fault` IOC-075 when the warehouse is not free in
    time, IOC-302 for a landed file that is not what its manifest says, IOC-303 when the rows do not add up; the
    source's transaction is then rolled back, sources before it stay loaded.
    """
    done: list[Loaded] = []
    by_source = groupby(sorted(landed, key=lambda one: one.source.id), key=lambda one: one.source.id)
    given = {source_id: list(of_source) for source_id, of_source in by_source}
    if not given:
        return done
    with connect.writer(holder, wait_seconds=wait_seconds) as con:
        now = now or datetime.now(UTC)
        for extracts in given.values():
            pending = _pending(con, extracts)
            for one in pending:
                verify(one)
            known_areas = areas(con) if any(one.table.area for one in pending) else None
            fault.point("load.begin")
            con.execute("BEGIN")
            try:
                of_source = [_load_one(con, one, known_areas, now) for one in pending]
                fault.point("load.commit")
                con.execute("COMMIT")
            except BaseException:
                con.execute("ROLLBACK")
                raise
            fault.point("load.committed")
            done += of_source
    return done


def verify(one: Landed) -> None:
    """Raise `Fault` IOC-302 when a landed file is missing or changed; the extract is then set aside, so that the next
    pull, whose watermark has not moved, brings its rows again."""
    for file in one.manifest.files:
        path = one.path / file.name
        if path.exists() and _sha256(path) == file.sha256:
            continue
        aside = one.path.with_name(f".{one.path.name}.corrupt")
        if one.path.exists():
            one.path.rename(aside)
        raise Fault(
            "IOC-302",
            f"Tệp {file.name} của lần trích {one.extract_id} (nguồn {one.source.id}, bảng {one.table.name}) đã hỏng.",
            f"File {file.name} of extract {one.extract_id} ({one.source.id}.{one.table.name}) is damaged.",
            why=f"its SHA-256 is not that of the manifest; nothing of it was loaded; kept as {aside.name}",
            fix=f"./ioc source pull {one.source.id}",
            details={"path": str(aside), "file": file.name},
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _pending(con: duckdb.DuckDBPyConnection, given: Sequence[Landed]) -> list[Landed]:
    """What the ledger does not know yet of one source, oldest first: what was given, and what lies there besides."""
    found = {one.extract_id: one for one in unloaded(con, given[0].source)}
    ids = [one.extract_id for one in given]
    in_ledger = con.execute(bind("SELECT extract_id FROM ops.extract WHERE extract_id IN ?", ids)).fetchall()
    found |= {one.extract_id: one for one in given if (one.extract_id,) not in in_ledger}
    return [found[extract_id] for extract_id in sorted(found)]


def areas(con: duckdb.DuckDBPyConnection) -> Areas:
    """Valid area codes and names from the administrative units, as far as they are loaded."""

    def column(table: str, expression: str) -> frozenset[str]:
        name = raw_name("vietnamadminunits_dvhc", table)
        if not _exists(con, name):
            return frozenset()
        found = con.execute(f"SELECT {expression} FROM raw.{quote(name)}").fetchall()
        return frozenset(value for (value,) in found if value)

    return Areas(
        codes_2025=column("don_vi_moi", "ma_dvhc"),
        codes_before=column("don_vi_cu", "ma_dvhc"),
        names_2025=column("don_vi_moi", text.sql_match_key("ten")),
    )


def _exists(con: duckdb.DuckDBPyConnection, raw: str) -> bool:
    return _count(con, "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'raw' AND table_name = ?", raw) > 0


def scan(paths: Sequence[Path]) -> str:
    """Landed Parquet files as a relation."""
    return f"read_parquet([{', '.join(literal(str(p)) for p in paths)}], union_by_name = true)"


def landed_types(con: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """Column → DuckDB type of a relation."""
    return {name: kind for name, kind, *_ in con.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()}


def _load_one(con: duckdb.DuckDBPyConnection, one: Landed, known: Areas | None, now: datetime) -> Loaded:
    """Load one extract inside the running transaction."""
    source, table = one.source, one.table
    ensure_raw(con, source, table)
    if not one.manifest.files:
        return _record(con, one, Loaded(source.id, table.name, one.extract_id, 0, 0, 0, 0, 0), None, None, now)
    relation = scan([one.path / file.name for file in one.manifest.files])
    contract = compile_contract(source, table, landed_types(con, relation), now=now, areas=known)
    con.execute(f"CREATE OR REPLACE TEMP VIEW typed AS {contract.typed(relation)}")
    rows_in, n_broken, max_event, max_cursor = _first_look(con, contract, now)
    quarantined, repeated = _refuse(con, contract, one, now) if n_broken else (0, 0)
    good = "SELECT * FROM typed" + (" ANTI JOIN refused USING (_row_number)" if n_broken else "")
    con.execute(f"CREATE OR REPLACE TEMP VIEW good AS {good}")
    deleted = _delete_missing(con, contract, one) if table.mode == "snapshot" else 0
    fault.point("load.middle")
    rows_loaded, duplicates = merge(con, contract, one.source, one.extract_id, now)
    result = Loaded(
        source.id, table.name, one.extract_id, rows_in, rows_loaded, quarantined, duplicates + repeated, deleted
    )
    return _record(con, one, result, max_event, max_cursor, now)


def _first_look(
    con: duckdb.DuckDBPyConnection, contract: Contract, now: datetime
) -> tuple[int, int, datetime | None, object]:
    """One scan: number of rows, of broken rows, newest event and newest cursor value that a row may claim."""
    table = contract.table
    event = f"max(CAST({quote(table.event_time)} AS TIMESTAMPTZ)) FILTER (NOT broken)" if table.event_time else "NULL"
    cursor = "NULL"
    if table.cursor:
        value = quote(table.cursor)
        cursor = f"max({value})"
        # A cursor from the far future would make every later pull skip what is new.
        if table.column(table.cursor).type in ("timestamp", "date"):
            cursor += f" FILTER (CAST({value} AS TIMESTAMPTZ) <= TIMESTAMPTZ {literal((now + FUTURE).isoformat())})"
    row = con.execute(
        f"""SELECT count(*), count(*) FILTER (broken), {event}, {cursor}
        FROM (SELECT *, {contract.broken} AS broken FROM typed)"""
    ).fetchone()
    assert row is not None
    return row[0], row[1], row[2], row[3]


def _refuse(con: duckdb.DuckDBPyConnection, contract: Contract, one: Landed, now: datetime) -> tuple[int, int]:
    """Put broken rows into quarantine, with reasons. Returns how many, and how many lie there already unchanged: a pull
    with lag brings the same bad row again each time. An older version of the same key is superseded."""
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE refused AS
        SELECT _row_number, _source_ref, {contract.key_text} AS key_text, {contract.row_json} AS row_json,
               {contract.list_of("name")} AS rules, {contract.list_of("vi")} AS vi, {contract.list_of("en")} AS en
        FROM typed WHERE {contract.broken}"""
    )
    n_refused = _count(con, "SELECT count(*) FROM refused")
    mine = _of(one.source, one.table)
    head = bind("? AS source_id, ? AS table_name, ? AS extract_id", one.source.id, one.table.name, one.extract_id)
    fresh = con.execute(
        f"""INSERT INTO quarantine.row BY NAME
        SELECT {literal(one.extract_id)} || '-' || _row_number AS quarantine_id, {head},
               _row_number AS row_number, coalesce(_source_ref, '#' || _row_number) AS source_ref, key_text,
               rules, vi AS reasons_vi, en AS reasons_en, row_json, 'open' AS status, {bind("?", now)} AS created_at
        FROM refused
        WHERE row_json NOT IN (SELECT row_json FROM quarantine.row WHERE {mine} AND status IN ('open', 'accepted'))
        QUALIFY row_number() OVER (PARTITION BY row_json ORDER BY _row_number DESC) = 1"""
    ).fetchone()
    assert fresh is not None
    con.execute(
        f"""UPDATE quarantine.row SET status = 'superseded', resolved_at = {bind("?", now)}, resolved_by = 'load',
               resolved_why = 'a newer version of the row was refused'
        WHERE {mine} AND status = 'open' AND quarantine_id IN (
            SELECT quarantine_id FROM quarantine.row WHERE {mine} AND status = 'open' AND key_text <> ''
            QUALIFY row_number() OVER (PARTITION BY key_text ORDER BY extract_id DESC, row_number DESC) > 1)"""
    )
    return fresh[0], n_refused - fresh[0]


def _of(source: Source, table: Table) -> str:
    """The condition for rows of one table in `ops` and `quarantine`."""
    return bind("source_id = ? AND table_name = ?", source.id, table.name)


def _count(con: duckdb.DuckDBPyConnection, sql: str, *values: object) -> int:
    row = con.execute(bind(sql, *values)).fetchone()
    assert row is not None
    return int(row[0])


def _delete_missing(con: duckdb.DuckDBPyConnection, contract: Contract, one: Landed) -> int:
    """A snapshot holds every row that exists, so others are deleted; a row whose new version was refused stays as it
    was. An older snapshot than the one loaded last (left by a killed run) deletes nothing."""
    raw = f"raw.{quote(raw_name(one.source.id, one.table.name))}"
    mine = _of(one.source, one.table)
    if _count(con, f"SELECT count(*) FROM ops.extract WHERE {mine} AND extract_id > ?", one.extract_id):
        return 0
    same = " AND ".join(f"t.{k} = {raw}.{k}" for k in contract.key)
    return _count(con, f"DELETE FROM {raw} WHERE NOT EXISTS (SELECT 1 FROM typed t WHERE {same})")


def merge(
    con: duckdb.DuckDBPyConnection, contract: Contract, source: Source, extract_id: str, now: datetime
) -> tuple[int, int]:
    """Bring the rows of the view `good` into the raw table. Returns (loaded, recognised as duplicates).

    Within the extract the newest row of a key counts (by cursor, then row number; for append the first, since events do
    not change). Against the table: an equal row, or an older one than is there, is a duplicate; a newer one replaces it
    (upsert, snapshot) or is a duplicate (append).
    """
    table = contract.table
    raw = f"raw.{quote(raw_name(source.id, table.name))}"
    con.execute(f"CREATE OR REPLACE TEMP TABLE passed_over AS {_surplus(contract)}")
    n_surplus = _count(con, "SELECT count(*) FROM passed_over")
    without = "ANTI JOIN passed_over USING (_row_number)"
    n_known = 0
    _supersede(con, contract, source, extract_id, now)
    if _count(con, f"SELECT count(*) FROM (SELECT 1 FROM {raw} LIMIT 1)"):
        rest = f"good {without}" if n_surplus else "good"
        same = " AND ".join(f"n.{k} = o.{k}" for k in contract.key)
        inserted = con.execute(
            f"""INSERT INTO passed_over
            SELECT n._row_number FROM (SELECT *, {contract.row_hash} AS _row_hash FROM {rest}) n JOIN {raw} o ON {same}
            WHERE {_is_known(table, extract_id)}"""
        ).fetchone()
        n_known = inserted[0] if inserted else 0
        if table.mode != "append":
            con.execute(
                f"DELETE FROM {raw} o USING (SELECT {', '.join(contract.key)} FROM good {without}) n WHERE {same}"
            )
    rest = f"good {without}" if n_surplus + n_known else "good"
    names = ", ".join(quote(n) for n in contract.names)
    inserted = con.execute(
        f"""INSERT INTO {raw} ({names}, {", ".join(n for n, _ in _LINEAGE)})
        SELECT {names}, {literal(extract_id)}, {bind("?", now)}, _row_number, _source_ref, {contract.row_hash} FROM {rest}"""
    ).fetchone()
    assert inserted is not None
    return inserted[0], n_surplus + n_known


def _surplus(contract: Contract) -> str:
    """Row numbers of `good` whose key occurs again in it and that are not the one to keep. Sorts only doubled keys."""
    key = ", ".join(contract.key)
    order = "_row_number"
    if contract.table.mode != "append":
        cursor = f"{quote(contract.table.cursor)} DESC NULLS LAST, " if contract.table.cursor else ""
        order = f"{cursor}_row_number DESC"
    return f"""SELECT _row_number
        FROM good SEMI JOIN (SELECT {key} FROM good GROUP BY {key} HAVING count(*) > 1) USING ({key})
        QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY {order}) > 1"""


def _is_known(table: Table, extract_id: str) -> str:
    """True when the row `n` adds nothing to the row `o` of the same key."""
    if table.mode == "append":
        return "true"
    older = f"o._extract_id > {literal(extract_id)}"
    if table.cursor and table.mode == "upsert":
        c = quote(table.cursor)
        older = (
            f"n.{c} < o.{c} OR (n.{c} IS NULL AND o.{c} IS NOT NULL) OR (n.{c} IS NOT DISTINCT FROM o.{c} AND {older})"
        )
    return f"n._row_hash = o._row_hash OR {older}"


def _supersede(
    con: duckdb.DuckDBPyConnection, contract: Contract, source: Source, extract_id: str, now: datetime
) -> None:
    """An open quarantined row whose key has since come good is superseded."""
    where = f"{_of(source, contract.table)} AND status = 'open'"
    if not _count(con, f"SELECT count(*) FROM quarantine.row WHERE {where}"):
        return
    this = literal(extract_id)
    con.execute(
        f"""UPDATE quarantine.row SET status = 'superseded', resolved_at = {bind("?", now)}, resolved_by = 'load',
               resolved_why = 'the row came again, good, in extract ' || {this}
        WHERE {where} AND quarantine_id IN (
            SELECT q.quarantine_id FROM quarantine.row q
            JOIN (SELECT {contract.key_text} AS key_text, max(_row_number) AS last FROM good GROUP BY 1) g
            USING (key_text)
            WHERE q.extract_id < {this} OR (q.extract_id = {this} AND q.row_number < g.last))"""
    )


def ensure_raw(con: duckdb.DuckDBPyConnection, source: Source, table: Table) -> None:
    """Create the raw table, or bring it to the declaration: new columns are null in old rows, columns no longer
    declared (or dropped as personal data) go. Rewritten, not altered: DuckDB's log replays ALTER badly after a crash.

    Raises `Fault` IOC-304 when a column has a new type that stored values do not fit.
    """
    name = raw_name(source.id, table.name)
    raw = f"raw.{quote(name)}"
    wanted = {n: _TYPE_NAMES.get(t, t) for n, t in stored_columns(table)} | dict(_LINEAGE)
    if not _exists(con, name):
        con.execute(f"CREATE TABLE {raw} ({', '.join(f'{quote(n)} {t}' for n, t in wanted.items())})")
        return
    present = landed_types(con, raw)
    if present == wanted:
        return
    fields = []
    for column, kind in wanted.items():
        value = f"TRY_CAST({quote(column)} AS {kind})" if column in present else f"NULL::{kind}"
        if column in present and present[column] != kind:
            lost = _count(con, f"SELECT count(*) FROM {raw} WHERE {quote(column)} IS NOT NULL AND {value} IS NULL")
            if lost:
                raise _unfit(source, table, column, present[column], kind, lost)
        fields.append(f"{value} AS {quote(column)}")
    names = ", ".join(quote(n) for n, _ in stored_columns(table))
    con.execute(
        f"""CREATE OR REPLACE TABLE {raw} AS
        SELECT * REPLACE (hash({names}) AS _row_hash) FROM (SELECT {", ".join(fields)} FROM {raw})"""
    )


def _unfit(source: Source, table: Table, column: str, was: str, kind: str, lost: int) -> Fault:
    return Fault(
        "IOC-304",
        f"Cột {column} của {source.id}.{table.name} đổi kiểu từ {was} sang {kind} "
        f"nhưng {lost} dòng đã nạp không chuyển được.",
        f"Column {column} of {source.id}.{table.name} changed from {was} to {kind}, but {lost} loaded rows do not fit.",
        why="nothing was changed; the rows loaded before would become empty in silence",
        fix=f"declare a new column name for the new type in {source.id}, then ./ioc source check {source.id}",
    )


def _record(
    con: duckdb.DuckDBPyConnection,
    one: Landed,
    result: Loaded,
    max_event: datetime | None,
    max_cursor: object,
    now: datetime,
) -> Loaded:
    """Ledger, watermark and files taken. Raises `Fault` IOC-303 when the rows do not add up."""
    manifest = one.manifest
    parts = result.rows_loaded + result.rows_quarantined + result.rows_deduplicated
    if result.rows_in != parts or result.rows_in != manifest.rows:
        raise Fault(
            "IOC-303",
            f"Sổ cái không cân ở {result.source_id}.{result.table}: trích {manifest.rows}, đọc {result.rows_in}, nạp "
            f"{result.rows_loaded} + cách ly {result.rows_quarantined} + trùng {result.rows_deduplicated} = {parts}.",
            f"The ledger of {result.source_id}.{result.table} does not balance: landed {manifest.rows}, read "
            f"{result.rows_in}, loaded {result.rows_loaded} + quarantined {result.rows_quarantined} + duplicates "
            f"{result.rows_deduplicated} = {parts}.",
            why="a row was lost or counted twice; nothing of this source was loaded",
            fix="./ioc logs",
        )
    table = one.table
    row = {
        "extract_id": one.extract_id,
        "run_id": manifest.run_id,
        "source_id": result.source_id,
        "table_name": table.name,
        "mode": table.mode,
        "cursor_from": manifest.cursor_from,
        "cursor_to": cursor_text(max_cursor, one.source.time_zone),
        "extracted_at": manifest.finished_at,
        "loaded_at": now,
        "rows_in": result.rows_in,
        "rows_loaded": result.rows_loaded,
        "rows_quarantined": result.rows_quarantined,
        "rows_deduplicated": result.rows_deduplicated,
        "rows_deleted": result.rows_deleted,
        "bytes_landed": sum(file.bytes for file in manifest.files),
        "files_in": len(manifest.seen),
        "landing_path": str(one.path.relative_to(connect.home())),
        "manifest_sha256": _sha256(one.path / "manifest.json"),
        "max_event_at": max_event,
        "drift": manifest.drift.model_dump_json() if manifest.drift else None,
        "left_out": json.dumps(manifest.left_out, ensure_ascii=False) if manifest.left_out else None,
    }
    fields = ", ".join(f"? AS {name}" for name in row)
    con.execute(bind(f"INSERT INTO ops.extract BY NAME SELECT {fields}", *row.values()))
    if max_cursor is not None and not manifest.is_recapture:
        _move_watermark(con, one, max_cursor, now)
    _remember_files(con, one, now)
    return result


def _move_watermark(con: duckdb.DuckDBPyConnection, one: Landed, max_cursor: object, now: datetime) -> None:
    """Forward only: an older extract loaded late must not bring the watermark back."""
    mine = _of(one.source, one.table)
    kind = DUCKDB_TYPE[one.table.column(one.table.cursor or "").type]
    new = cursor_text(max_cursor, one.source.time_zone)
    reached = f"TRY_CAST(cursor_value AS {kind}) >= CAST(? AS {kind})"
    if not _count(con, f"SELECT count(*) FROM ops.watermark WHERE {mine} AND {reached}", new):
        con.execute(f"DELETE FROM ops.watermark WHERE {mine}")
        row = (one.source.id, one.table.name, new, one.extract_id, now)
        con.execute(bind("INSERT INTO ops.watermark VALUES (?, ?, ?, ?, ?)", *row))


def _remember_files(con: duckdb.DuckDBPyConnection, one: Landed, now: datetime) -> None:
    seen = one.manifest.seen
    if not seen:
        return
    paths = [file.path for file in seen]
    con.execute(
        bind(
            f"DELETE FROM ops.file_seen WHERE {_of(one.source, one.table)} AND path IN (SELECT unnest(?::VARCHAR[]))",
            paths,
        )
    )
    con.execute(
        bind(
            """INSERT INTO ops.file_seen SELECT ?, ?,
            unnest(?::VARCHAR[]), unnest(?::BIGINT[]), unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), ?, ?""",
            one.source.id,
            one.table.name,
            paths,
            [file.size for file in seen],
            [file.modified for file in seen],
            [file.sha256 for file in seen],
            one.extract_id,
            now,
        )
    )


def record_pull(
    *,
    run_id: str,
    source_id: str,
    started_at: datetime,
    status: str,
    code: str | None = None,
    reason_vi: str = "",
    reason_en: str = "",
    rows_in: int = 0,
    rows_loaded: int = 0,
    holder: str,
    wait_seconds: float = 600.0,
) -> None:
    """Write one attempt to pull a source into `ops.pull`: `ok`, `failed` or `skipped`, with the reason in words."""
    with connect.writer(holder, wait_seconds=wait_seconds) as con:
        ended = (datetime.now(UTC), status, code, reason_vi, reason_en, rows_in, rows_loaded)
        places = "?, ?, ?, ?, ?, ?, ?, ?, ?, ?"
        con.execute(bind(f"INSERT INTO ops.pull VALUES ({places})", run_id, source_id, started_at, *ended))
