"""From the landing to `raw`: one transaction a source, in which rows, ledger, watermark and quarantine move together.

What is promised: an extract is loaded once, however often it is offered; every row of it is loaded, quarantined or
recognised as a duplicate, and the three add up; a process killed at any point leaves the intake as it was before or as
it is after. Everything is set-based SQL over the landed Parquet, so memory is bounded by DuckDB's limit and not by the
table.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import groupby
from pathlib import Path

import duckdb

from ingestion.clean import area, legacy
from ingestion.contract import FUTURE, Areas, Contract, compile_contract, stored_columns
from ingestion.extract import cursor_text
from ingestion.landing import Landed, replaces, scan, set_aside, unloaded
from ingestion.model import Source, Table, raw_name
from warehouse import connect, fault
from warehouse.connect import bind, insert, literal, quote
from warehouse.errors import Fault

_LINEAGE = [
    ("_extract_id", "VARCHAR"),
    ("_loaded_at", "TIMESTAMP WITH TIME ZONE"),
    ("_row_number", "BIGINT"),
    ("_source_ref", "VARCHAR"),
    ("_row_hash", "UBIGINT"),
]
#: From when to when a version of a history holds; null: still.
_VERSION = [("_valid_from", "TIMESTAMP WITH TIME ZONE"), ("_valid_to", "TIMESTAMP WITH TIME ZONE")]
#: Rows of an extract that are kept in memory while they are looked at several times.
SMALL = 50_000
#: More columns than this need more memory than a load has: some 0.7 MB each, for every step of every value's rules.
WIDE = 256
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
    texts_uncertain: dict[str, int] = field(default_factory=dict)
    rows_conflicting: int = 0


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
    given = [list(of_source) for _, of_source in by_source]
    if given:
        with connect.writer(holder, wait_seconds=wait_seconds) as con:
            for extracts in given:
                done += load_source(con, extracts[0].source, given=extracts, now=now)
    return done


def load_source(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    *,
    given: Sequence[Landed] = (),
    accept_held: bool = False,
    now: datetime | None = None,
    record: Callable[[list[Loaded]], None] = lambda done: None,
) -> list[Loaded]:
    """Everything of one source that waits in the landing and what is given besides, oldest first, in one transaction, in
    which `record` also writes. What is held stays, unless it is given or accepted. Raises as `load` does."""
    now = now or datetime.now(UTC)
    left = unloaded(con, source)
    held = [one for one, _ in left.held]
    for old in [old for old in held if any(replaces(new, old) for new in [*left.ready, *held])]:
        shutil.rmtree(old.path)
        held.remove(old)
    found = {one.extract_id: one for one in left.ready + (held if accept_held else [])}
    waiting = {*found, *(one.extract_id for one in held)}
    found |= {one.extract_id: one for one in given if one.extract_id in waiting or not _in_ledger(con, one)}
    pending = [found[extract_id] for extract_id in sorted(found)]
    for one in pending:
        verify(one)
    if not pending:
        record([])
        return []
    # Two threads that share a thousand rows take 1.4 times the processor's time of one, and 70 MB more.
    con.execute("SET threads = 1" if max(one.manifest.rows for one in pending) <= SMALL else "RESET threads")
    known_areas = areas(con) if any(one.table.area for one in pending) else None
    fault.point("load.begin")
    con.execute("BEGIN")
    try:
        books = Books(con, source)
        done = [load_one(con, books, one, known_areas, now) for one in pending]
        books.write(con)
        record(done)
        fault.point("load.commit")
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise
    fault.point("load.committed")
    return done


def _in_ledger(con: duckdb.DuckDBPyConnection, one: Landed) -> bool:
    return _count(con, "SELECT count(*) FROM ops.extract WHERE extract_id = ?", one.extract_id) > 0


def verify(one: Landed) -> None:
    """Raise `Fault` IOC-302 when a landed file is missing or changed; the extract is then set aside, so that the next
    pull, whose watermark has not moved, brings its rows again."""
    name = damaged(one)
    if name is None:
        return
    aside = set_aside(one.path, "corrupt") if one.path.exists() else one.path
    raise Fault(
        "IOC-302",
        f"Tệp {name} của lần trích {one.extract_id} (nguồn {one.source.id}, bảng {one.table.name}) đã hỏng.",
        f"File {name} of extract {one.extract_id} ({one.source.id}.{one.table.name}) is damaged.",
        why=f"its SHA-256 is not that of the manifest; nothing of it was loaded; kept as {aside.name}",
        fix=f"./ioc source pull {one.source.id}",
        details={"path": str(aside), "file": name},
    )


def damaged(one: Landed) -> str | None:
    """The first landed file that is missing or not what the manifest says, if any."""
    for file in one.manifest.files:
        path = one.path / file.name
        if not path.exists() or _sha256(path) != file.sha256:
            return file.name
    return None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def areas(con: duckdb.DuckDBPyConnection) -> Areas | None:
    """Make the temporary table of communes from the administrative units; None while these are not loaded."""
    names = [raw_name("vietnamadminunits_dvhc", table) for table in ("don_vi_moi", "don_vi_cu", "chuyen_doi")]
    if not all(_exists(con, name) for name in names):
        return None
    known = area.sql_known(*(f"raw.{quote(name)}" for name in names))
    con.execute(f"CREATE OR REPLACE TEMP TABLE {area.KNOWN} AS {known}")
    counted = f"SELECT count(DISTINCT code) FROM {area.KNOWN} WHERE era = ?"
    found = Areas(before=_count(con, counted, "old"), since=_count(con, counted, "new"))
    return found if found.before and found.since else None


def _exists(con: duckdb.DuckDBPyConnection, raw: str) -> bool:
    return _count(con, "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'raw' AND table_name = ?", raw) > 0


def landed_types(con: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """Column → DuckDB type of a relation."""
    return {name: kind for name, kind, *_ in con.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()}


def compiled(
    con: duckdb.DuckDBPyConnection, one: Landed, relation: str, now: datetime, known: Areas | None
) -> Contract:
    """The contract of an extract's landed rows, ready to be asked on this connection."""
    contract = compile_contract(one.source, one.table, landed_types(con, relation), now=now, areas=known)
    if contract.uncertain:
        legacy.register(con)
    return contract


def typed(contract: Contract, relation: str) -> str:
    """Landed rows under the contract, with `_broken` and `_row_hash`."""
    return f"SELECT *, {contract.broken} AS _broken, {contract.row_hash} AS _row_hash FROM ({contract.typed(relation)})"


def load_one(con: duckdb.DuckDBPyConnection, books: Books, one: Landed, known: Areas | None, now: datetime) -> Loaded:
    """Load one extract inside the running transaction; `books` gets what the ledger must know of it."""
    source, table = one.source, one.table
    ensure_raw(con, source, table, books.raw)
    if not one.manifest.files:
        gone = _delete_missing(con, books, one, None) if table.is_whole else 0
        return books.enter(one, Loaded(source.id, table.name, one.extract_id, 0, 0, 0, 0, gone), None, None, now)
    if len(table.columns) > WIDE:
        con.execute(f"SET memory_limit = '{len(table.columns)}MB'")
    relation = scan(one.files)
    contract = compiled(con, one, relation, now, known)
    rows = f"({typed(contract, relation)})"
    if one.manifest.rows <= SMALL or contract.uncertain:  # what Python has to read is read once
        con.execute(f"CREATE OR REPLACE TEMP TABLE small AS {rows}")
        rows = "small"
    con.execute(f"CREATE OR REPLACE TEMP VIEW typed AS FROM {rows}")
    rows_in, n_broken, max_event, max_cursor = _first_look(con, contract, now)
    books.corrected(con, contract, one)
    quarantined, repeated = _refuse(con, contract, one, now) if n_broken else (0, 0)
    books.has_open = books.has_open or quarantined > 0
    good = "SELECT * FROM typed" + (" ANTI JOIN refused USING (_row_number)" if n_broken else "")
    con.execute(f"CREATE OR REPLACE TEMP VIEW good AS {good}")
    deleted = _delete_missing(con, books, one, contract.key) if table.is_whole else 0
    fault.point("load.middle")
    if books.has_open:
        supersede(con, contract, one, now)
    rows_loaded, duplicates, conflicts = merge(con, contract, one, now)
    duplicates += repeated
    counts = rows_in, rows_loaded, quarantined, duplicates, deleted
    result = Loaded(source.id, table.name, one.extract_id, *counts, _uncertain(con, contract, one), conflicts)
    return books.enter(one, result, max_event, max_cursor, now)


def _first_look(
    con: duckdb.DuckDBPyConnection, contract: Contract, now: datetime
) -> tuple[int, int, datetime | None, object]:
    """One scan: number of rows, of broken rows, newest event and newest cursor value that a row may claim."""
    table = contract.table
    event = f"max(CAST({quote(table.event_time)} AS TIMESTAMPTZ)) FILTER (NOT _broken)" if table.event_time else "NULL"
    cursor = "NULL"
    if table.cursor:
        value = quote(table.cursor)
        cursor = f"max({value})"
        # A cursor from the far future would make every later pull skip what is new.
        if table.column(table.cursor).type in ("timestamp", "date"):
            cursor += f" FILTER (CAST({value} AS TIMESTAMPTZ) <= TIMESTAMPTZ {literal((now + FUTURE).isoformat())})"
    row = con.execute(f"SELECT count(*), count(*) FILTER (_broken), {event}, {cursor} FROM typed").fetchone()
    assert row is not None
    return row[0], row[1], row[2], row[3]


def _uncertain(con: duckdb.DuckDBPyConnection, contract: Contract, one: Landed) -> dict[str, int]:
    """By the source's column: texts kept as they came, because it is not certain in which old encoding they are."""
    found = {name: n for name, n in one.manifest.texts_uncertain.items() if name not in contract.uncertain}
    if contract.uncertain:
        counts = con.execute(f"SELECT {', '.join(contract.uncertain.values())} FROM typed").fetchone() or ()
        found |= dict(zip(contract.uncertain, counts, strict=True))
    return {name: n for name, n in found.items() if n}


def _refuse(con: duckdb.DuckDBPyConnection, contract: Contract, one: Landed, now: datetime) -> tuple[int, int]:
    """Put broken rows into quarantine, with reasons. Returns how many, and how many lie there already unchanged: a pull
    with lag brings the same bad row again each time. An older version of the same key is superseded."""
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE refused AS
        SELECT _row_number, _source_ref, {contract.key_text} AS key_text, {contract.row_json} AS row_json,
               {contract.list_of("name")} AS rules, {contract.list_of("vi")} AS vi, {contract.list_of("en")} AS en
        FROM typed WHERE _broken"""
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


def _delete_missing(con: duckdb.DuckDBPyConnection, books: Books, one: Landed, key: list[str] | None) -> int:
    """An extract of a whole table holds every row that exists, so others are deleted, or their versions closed; a row
    whose new version was refused stays as it was. A window of the table, or an extract older than the one loaded last
    (left by a killed run), deletes nothing."""
    if one.manifest.is_recapture or books.newest.get(one.table.name, "") > one.extract_id:
        return 0
    raw = raw_relation(one)
    gone = "true"
    if key is not None:
        gone = f"NOT EXISTS (SELECT 1 FROM typed t WHERE {' AND '.join(f't.{k} = {raw}.{k}' for k in key)})"
    if one.table.mode == "snapshot":
        return _count(con, f"DELETE FROM {raw} WHERE {gone}")
    return _count(con, f"UPDATE {raw} SET _valid_to = ? WHERE _valid_to IS NULL AND {gone}", one.manifest.started_at)


def raw_relation(one: Landed) -> str:
    return f"raw.{quote(raw_name(one.source.id, one.table.name))}"


def merge(con: duckdb.DuckDBPyConnection, contract: Contract, one: Landed, now: datetime) -> tuple[int, int, int]:
    """Bring the rows of the view `good` into the raw table. Returns (loaded, recognised as duplicates, how many of these say
    something else than the row of their key that was kept, with nothing to tell which is newer).

    Within the extract the newest row of a key counts (by cursor, then row number; for append the first, since events do
    not change; for a history with a cursor every version). Against the table: an equal row, or an older one than is
    there, is a duplicate; a newer one replaces it (upsert, snapshot), closes it (history) or is a duplicate (append).
    """
    table, raw = contract.table, raw_relation(one)
    rest = "good"
    key = ", ".join(_identity(contract))
    con.execute("CREATE OR REPLACE TEMP TABLE passed_over (_row_number BIGINT)")
    n_passed = n_conflicts = 0
    if con.execute(f"SELECT 1 FROM good GROUP BY {key} HAVING count(*) > 1 LIMIT 1").fetchone():
        n_passed = _count(con, f"INSERT INTO passed_over {_surplus(contract)}")
        n_conflicts = _count(con, _conflicting(contract))
    without = "good ANTI JOIN passed_over USING (_row_number)"
    if con.execute(f"SELECT 1 FROM {raw} LIMIT 1").fetchone():
        n_passed += _count(
            con,
            f"""INSERT INTO passed_over
            SELECT DISTINCT n._row_number FROM {f"(FROM {without})" if n_passed else "good"} n JOIN {raw} o
            ON {_same(contract, "n", "o")} WHERE {_is_known(table, one.extract_id)}""",
        )
        _make_way(con, contract, one, without)
    if n_passed:
        rest = without
    names = ", ".join(quote(n) for n in contract.names)
    values = bind("?, ?, _row_number, _source_ref, _row_hash", one.extract_id, now)
    lineage = ", ".join(n for n, _ in _LINEAGE)
    if table.mode == "history":
        since = f"CAST({quote(table.cursor)} AS TIMESTAMPTZ)" if table.cursor else bind("?", one.manifest.started_at)
        names, values = f"{names}, _valid_from", f"{since}, {values}"
    select = ", ".join([*(quote(n) for n in contract.names), values])
    n_loaded = _count(con, f"INSERT INTO {raw} ({names}, {lineage}) SELECT {select} FROM {rest}")
    if table.mode == "history" and table.cursor and n_loaded:
        chain(con, table, raw, among="good")
    return n_loaded, n_passed, n_conflicts


def _identity(contract: Contract) -> list[str]:
    """What names one row of the raw table: the key, and in a history with a cursor the version's beginning too."""
    table = contract.table
    return [*contract.key, quote(table.cursor)] if table.mode == "history" and table.cursor else contract.key


def _same(contract: Contract, a: str, b: str) -> str:
    return " AND ".join(f"{a}.{k} = {b}.{k}" for k in _identity(contract))


def _make_way(con: duckdb.DuckDBPyConnection, contract: Contract, one: Landed, incoming: str) -> None:
    """Rows whose newer version is about to be inserted go, or are closed."""
    table, raw = contract.table, raw_relation(one)
    newer = f"(SELECT {', '.join(_identity(contract))} FROM {incoming}) n"
    same = _same(contract, "n", "o")
    if table.mode == "history" and table.is_whole:
        until = bind("?", one.manifest.started_at)
        con.execute(f"UPDATE {raw} o SET _valid_to = {until} FROM {newer} WHERE {same} AND o._valid_to IS NULL")
    elif table.mode != "append":
        con.execute(f"DELETE FROM {raw} o USING {newer} WHERE {same}")


def chain(con: duckdb.DuckDBPyConnection, table: Table, raw: str, among: str) -> None:
    """Every version of the keys of a relation ends where the next one begins, in whatever order they came."""
    key = ", ".join(map(quote, table.primary_key))
    same = " AND ".join(f"r.{quote(k)} = n.{quote(k)}" for k in table.primary_key)
    con.execute(
        f"""UPDATE {raw} r SET _valid_to = n.until FROM (
            SELECT {key}, _valid_from AS since, lead(_valid_from) OVER (PARTITION BY {key} ORDER BY _valid_from) AS until
            FROM {raw} o SEMI JOIN {among} c USING ({key})) n
        WHERE {same} AND r._valid_from = n.since AND r._valid_to IS DISTINCT FROM n.until"""
    )


def _surplus(contract: Contract) -> str:
    """Row numbers of `good` whose key occurs again in it and that are not the one to keep. Sorts only doubled keys."""
    key = ", ".join(_identity(contract))
    order = "_row_number"
    if contract.table.mode != "append":
        cursor = f"{quote(contract.table.cursor)} DESC NULLS LAST, " if contract.table.cursor else ""
        order = f"{cursor}_row_number DESC"
    return f"""SELECT _row_number
        FROM good SEMI JOIN (SELECT {key} FROM good GROUP BY {key} HAVING count(*) > 1) USING ({key})
        QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY {order}) > 1"""


def _conflicting(contract: Contract) -> str:
    """How many rows of `passed_over` differ from the row of their key that stays, at the same cursor or without one."""
    key, cursor = ", ".join(_identity(contract)), contract.table.cursor
    same_time = f" AND p.{quote(cursor)} IS NOT DISTINCT FROM k.{quote(cursor)}" if cursor else ""
    return f"""SELECT count(*) FROM (FROM good SEMI JOIN passed_over USING (_row_number)) AS p
        JOIN (FROM good ANTI JOIN passed_over USING (_row_number)) AS k USING ({key})
        WHERE p._row_hash <> k._row_hash{same_time}"""


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
    unchanged = "n._row_hash = o._row_hash"
    if table.mode == "history" and table.is_whole:
        unchanged += " AND o._valid_to IS NULL"
    return f"({unchanged}) OR {older}"


def supersede(con: duckdb.DuckDBPyConnection, contract: Contract, one: Landed, now: datetime) -> None:
    """An open quarantined row whose key has since come good is superseded."""
    this = literal(one.extract_id)
    con.execute(
        f"""UPDATE quarantine.row SET status = 'superseded', resolved_at = {bind("?", now)}, resolved_by = 'load',
               resolved_why = 'the row came again, good, in extract ' || {this}
        WHERE {_of(one.source, one.table)} AND status = 'open' AND quarantine_id IN (
            SELECT q.quarantine_id FROM quarantine.row q
            JOIN (SELECT {contract.key_text} AS key_text, max(_row_number) AS last FROM good GROUP BY 1) g
            USING (key_text)
            WHERE q.extract_id < {this} OR (q.extract_id = {this} AND q.row_number < g.last))"""
    )


def raw_columns(con: duckdb.DuckDBPyConnection, source: Source) -> dict[str, dict[str, str]]:
    """Column → type of every raw table of a source, in order."""
    found: dict[str, dict[str, str]] = {}
    columns = "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE schema_name = 'raw' AND starts_with(table_name, ?)"
    for table, column, kind in con.execute(bind(columns, f"{source.id}__")).fetchall():
        found.setdefault(table, {})[column] = kind
    return found


def ensure_raw(con: duckdb.DuckDBPyConnection, source: Source, table: Table, raws: dict[str, dict[str, str]]) -> None:
    """Create the raw table, or bring it to the declaration: new columns are null in old rows, columns no longer
    declared (or dropped as personal data) go; a table that becomes a history begins with what it holds. Rewritten, not
    altered: DuckDB's log replays ALTER badly after a crash. `raws` are the tables as they are, and is kept true.

    Raises `Fault` IOC-304 when a column has a new type that stored values do not fit.
    """
    name = raw_name(source.id, table.name)
    raw = f"raw.{quote(name)}"
    versions = _VERSION if table.mode == "history" else []
    wanted = {n: _TYPE_NAMES.get(t, t) for n, t in stored_columns(table)} | dict(versions) | dict(_LINEAGE)
    present = raws.get(name)
    raws[name] = wanted
    if present is None:
        con.execute(f"CREATE TABLE {raw} ({', '.join(f'{quote(n)} {t}' for n, t in wanted.items())})")
        return
    if present == wanted:
        return
    fields = []
    for column, kind in wanted.items():
        value = f"TRY_CAST({quote(column)} AS {kind})" if column in present else f"NULL::{kind}"
        if column in present and present[column] != kind:
            lost = _count(con, f"SELECT count(*) FROM {raw} WHERE {quote(column)} IS NOT NULL AND {value} IS NULL")
            if lost:
                raise _unfit(source, table, column, present[column], kind, lost)
        if column == "_valid_from" and column not in present:
            value = f"CAST({quote(table.cursor)} AS TIMESTAMPTZ)" if table.cursor else "_loaded_at"
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


class Books:
    """What a source's transaction reads from the ledger once, and writes to it once, however many extracts it loads."""

    def __init__(self, con: duckdb.DuckDBPyConnection, source: Source) -> None:
        self._source = source
        mine = bind("WHERE source_id = ?", source.id)
        self.raw = raw_columns(con, source)
        newest = con.execute(f"SELECT table_name, max(extract_id) FROM ops.extract {mine} GROUP BY 1").fetchall()
        self.newest: dict[str, str] = dict(newest)
        marks = con.execute(f"SELECT table_name, cursor_value FROM ops.watermark {mine}").fetchall()
        self._marks: dict[str, str] = dict(marks)
        self.has_open = _count(con, f"SELECT count(*) FROM quarantine.row {mine} AND status = 'open'") > 0
        self.extracts: list[dict[str, object]] = []
        self._moved: dict[str, dict[str, object]] = {}
        self._files: dict[tuple[str, str], dict[str, object]] = {}
        self._corrections: list[dict[str, object]] = []

    def corrected(self, con: duckdb.DuckDBPyConnection, contract: Contract, one: Landed) -> None:
        """How many rows of an extract (its `typed`) each correction put right, and how many came mended by themselves."""
        self._corrections += corrections_used(con, contract, one, "typed")

    def enter(
        self, one: Landed, result: Loaded, max_event: datetime | None, max_cursor: object, now: datetime
    ) -> Loaded:
        """Ledger, watermark and files taken of one extract. Raises `Fault` IOC-303 when the rows do not add up."""
        manifest, table = one.manifest, one.table
        _balance(result, manifest.rows)
        cursor_to = cursor_text(max_cursor, one.source.time_zone)
        self.extracts.append(
            {
                "extract_id": one.extract_id,
                "run_id": manifest.run_id,
                "source_id": result.source_id,
                "table_name": table.name,
                "mode": table.mode,
                "cursor_from": manifest.cursor_from,
                "cursor_to": cursor_to,
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
                "left_out": _json(manifest.left_out),
                "texts_uncertain": _json(result.texts_uncertain),
                "rows_conflicting": result.rows_conflicting,
            }
        )
        self.newest[table.name] = max(self.newest.get(table.name, ""), one.extract_id)
        if cursor_to and not manifest.is_recapture and not _reached(self._marks.get(table.name), max_cursor):
            self._marks[table.name] = cursor_to
            mark = (result.source_id, table.name, cursor_to, one.extract_id, now)
            names = ("source_id", "table_name", "cursor_value", "extract_id", "updated_at")
            self._moved[table.name] = dict(zip(names, mark, strict=True))
        for file in manifest.seen:
            about = {"source_id": result.source_id, "table_name": table.name, "path": file.path, "size": file.size}
            taken = {"modified": file.modified, "sha256": file.sha256, "extract_id": one.extract_id, "seen_at": now}
            self._files[table.name, file.path] = about | taken
        return result

    def write(self, con: duckdb.DuckDBPyConnection) -> None:
        """Everything entered, by one statement a table of the ledger."""
        mine = bind("source_id = ?", self._source.id)
        con.execute(insert("ops.extract", self.extracts))
        if self._corrections:
            con.execute(insert("ops.correction_use", self._corrections))
        if self._moved:
            con.execute(bind(f"DELETE FROM ops.watermark WHERE {mine} AND table_name IN ?", list(self._moved)))
            con.execute(insert("ops.watermark", list(self._moved.values())))
        if self._files:
            for table in {name for name, _ in self._files}:
                paths = [path for name, path in self._files if name == table]
                again = f"DELETE FROM ops.file_seen WHERE {mine} AND table_name = ? AND path IN (SELECT unnest(?::VARCHAR[]))"
                con.execute(bind(again, table, paths))
            con.execute(insert("ops.file_seen", list(self._files.values())))


def corrections_used(
    con: duckdb.DuckDBPyConnection, contract: Contract, one: Landed, relation: str
) -> list[dict[str, object]]:
    """Rows of `ops.correction_use` for the typed rows of one extract."""
    corrections = contract.corrections
    if not corrections:
        return []
    counts = ", ".join(f"{used}, {no_longer}" for _, used, no_longer in corrections)
    found = con.execute(f"SELECT {counts} FROM {relation}").fetchone() or ()
    about = {"source_id": one.source.id, "table_name": one.table.name, "extract_id": one.extract_id}
    return [
        {"correction_id": name, **about, "rows_corrected": found[2 * n], "rows_no_longer": found[2 * n + 1]}
        for n, (name, _, _) in enumerate(corrections)
    ]


def _json(counts: dict[str, int]) -> str | None:
    return json.dumps(counts, ensure_ascii=False) if counts else None


def _balance(result: Loaded, landed: int) -> None:
    parts = result.rows_loaded + result.rows_quarantined + result.rows_deduplicated
    if result.rows_in == parts == landed:
        return
    raise Fault(
        "IOC-303",
        f"Sổ cái không cân ở {result.source_id}.{result.table}: trích {landed}, đọc {result.rows_in}, nạp "
        f"{result.rows_loaded} + cách ly {result.rows_quarantined} + trùng {result.rows_deduplicated} = {parts}.",
        f"The ledger of {result.source_id}.{result.table} does not balance: landed {landed}, read "
        f"{result.rows_in}, loaded {result.rows_loaded} + quarantined {result.rows_quarantined} + duplicates "
        f"{result.rows_deduplicated} = {parts}.",
        why="a row was lost or counted twice; nothing of this source was loaded",
        fix="./ioc logs",
    )


def _reached(mark: str | None, cursor: object) -> bool:
    """Whether a watermark is there already: it goes forward only, so an extract loaded late does not bring it back. One
    that is no value of the cursor's present type is never reached."""
    try:
        if mark is None:
            return False
        if isinstance(cursor, datetime):
            return datetime.fromisoformat(mark) >= cursor
        if isinstance(cursor, date):
            return date.fromisoformat(mark) >= cursor
        return mark >= cursor if isinstance(cursor, str) else Decimal(mark) >= Decimal(str(cursor))
    except (ValueError, TypeError, ArithmeticError):
        return False


def record_pull(
    con: duckdb.DuckDBPyConnection,
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
    tries: int = 1,
) -> None:
    """Write one attempt to pull a source into `ops.pull`: `ok`, `failed` or `skipped`, with the reason in words."""
    ended = (datetime.now(UTC), status, code, reason_vi, reason_en, rows_in, rows_loaded, tries)
    places = "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?"
    con.execute(bind(f"INSERT INTO ops.pull VALUES ({places})", run_id, source_id, started_at, *ended))
