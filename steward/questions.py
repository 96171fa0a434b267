"""What the page asks: the ledger, quarantine and verdicts, in one read-only look, and the served build for what it costs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from ingestion import correction, decision, ledger, quarantine, registry
from ingestion.drift import Drift
from ingestion.ledger import ask
from ingestion.model import Column, Source, raw_name
from warehouse import connect, publish
from warehouse.connect import has_table, literal, quote

PAGE, SHOWN = 50, 10
GRADES = (("grade_valid", "đúng", "valid"), ("grade_complete", "đủ", "complete"), ("grade_clean", "sạch", "clean"), ("grade_live", "sống", "live"))  # fmt: skip
_SCORES = "SELECT * FROM ops.source_score QUALIFY row_number() OVER (PARTITION BY source_id ORDER BY build_id DESC) = 1"


@lru_cache(maxsize=1)
def _declared(_version: tuple[tuple[str, int], ...]) -> registry.Registry:
    return registry.load()


def declared() -> registry.Registry:
    """The declarations as they hold now, read again when a file of theirs changed."""
    folders = (registry.SOURCES, correction.SHIPPED, correction.local())
    files = sorted(path for folder in folders if folder.exists() for path in folder.rglob("*.yml"))
    return _declared(tuple((str(path), path.stat().st_mtime_ns) for path in files))


def overview(mine: Iterable[str]) -> list[dict[str, Any]]:
    """One row a source of hers, the worst first: state of the pull, grades, failing rules, open rows, held extracts."""
    wanted = set(mine)
    rows = [row for row in ledger.status() if row["source_id"] in wanted and row["is_enabled"]]
    with connect.intake() as con:
        scores = {row["source_id"]: row for row in ask(con, _SCORES)}
        failing = {
            row["source_id"]: row
            for row in ask(
                con,
                """SELECT source_id, count(*) FILTER (severity = 'stop') AS stops, count(*) FILTER (severity = 'warn') AS warns
                FROM ops.finding_now GROUP BY 1""",
            )
        }
        owners = dict(con.execute("SELECT source_id, owner_agency FROM ops.source").fetchall())
    held: dict[str, int] = {}
    for one in ledger.waiting(s for s in declared().sources.values() if s.id in wanted):
        held[one["source_id"]] = held.get(one["source_id"], 0) + 1
    for row in rows:
        row["grades"] = scores.get(row["source_id"])
        row["stops"] = failing.get(row["source_id"], {}).get("stops", 0)
        row["warns"] = failing.get(row["source_id"], {}).get("warns", 0)
        row["held"] = held.get(row["source_id"], 0)
        row["owner"] = owners.get(row["source_id"], "")
        row["state"] = state(row)
        row["needs"] = bool(
            row["state"] != "ok" or row["stops"] or row["warns"] or row["quarantined_open"] or row["held"]
        )
    return sorted(rows, key=_worst_first)


def state(row: dict[str, Any]) -> str:
    """`failed`, `late`, `never` or `ok`."""
    if row["status"] == "failed":
        return "failed"
    if row["last_success_at"] is None:
        return "never"
    return "late" if row["is_late"] else "ok"


def _worst_first(row: dict[str, Any]) -> tuple[Any, ...]:
    order = {"failed": 0, "late": 1, "never": 2, "ok": 3}
    score = row["grades"]["score"] if row["grades"] else 100.0
    return (not row["needs"], -row["stops"], order[row["state"]], score, row["tier"], row["source_id"])


def about(source: Source) -> dict[str, Any]:
    """Everything on one source: grades and their history, broken rules since when, open rows by rule, gaps, decisions."""
    row = next(r for r in ledger.status() if r["source_id"] == source.id)
    with connect.intake() as con:
        days = ask(
            con,
            """SELECT day, max_by(score, build_id) AS score FROM ops.source_score
            WHERE source_id = ? AND day > current_date - 90 GROUP BY 1 ORDER BY 1""",
            source.id,
        )
        newest = ask(con, f"SELECT * FROM ({_SCORES}) WHERE source_id = ?", source.id)
        broken = _broken(con, source)
        uses = {
            r["correction_id"]: r
            for r in ask(
                con,
                """SELECT correction_id, sum(rows_corrected)::BIGINT AS n_rows, max(extract_id) AS newest
                FROM ops.correction_use WHERE source_id = ? GROUP BY 1""",
                source.id,
            )
        }
    local = {c.id for c in correction.read(correction.local() / f"{source.id}.yml").corrections}
    return {
        "row": row | {"state": state(row)},
        "drift": Drift.model_validate_json(row["drift"]).in_words() if row["drift"] else ("", ""),
        "grades": newest[0] if newest else None,
        "days": days,
        "broken": broken,
        "open": [s for s in quarantine.summary() if s["source_id"] == source.id],
        "waiting": ledger.waiting([source]),
        "gaps": sorted(
            (g for g in ledger.gaps(source.id) if g["slots_missing"] > 1), key=lambda g: -g["slots_missing"]
        )[:20],
        "decisions": decision.history(source.id, limit=20),
        "corrections": [
            {"table": t.name, "one": c, "rows": uses.get(c.id, {}).get("n_rows", 0), "is_local": c.id in local}
            for t in source.tables
            for c in t.corrections
        ],
        "costs": costs(source.id),
        "unusual": unusual(source.id),
    }


def _broken(con: Any, source: Source) -> list[dict[str, Any]]:
    """Rules that the newest build found broken in this source's tables, or in what its agency owns, with since when."""
    return ask(
        con,
        """SELECT * FROM ops.finding_now WHERE source_id = ? OR (source_id = '' AND owner = ?)
        ORDER BY CASE severity WHEN 'stop' THEN 0 WHEN 'warn' THEN 1 ELSE 2 END, relation, rule""",
        source.id,
        source.owner.agency,
    )


def costs(source_id: str) -> list[dict[str, Any]]:
    """The indicators that rest on a source, as the served build has them."""
    now = publish.current()
    if now is None:
        return []
    with connect.served(now.path) as con:
        query = f"""SELECT indicator_code, title_vi, title_en, home_order IS NOT NULL AS is_home FROM catalog.indicator
            WHERE list_contains(sources, {literal(source_id)}) ORDER BY indicator_code"""
        return ask(con, query)


def unusual(source_id: str) -> list[dict[str, Any]]:
    """What the served build found unusual in the indicators that rest on a source."""
    now = publish.current()
    if now is None:
        return []
    with connect.served(now.path) as con:
        if not has_table(con, "quality", "anomaly"):
            return []
        query = f"""SELECT a.*, i.title_vi, i.title_en, coalesce(d.area_name, a.area_code) AS area_name
            FROM quality.anomaly AS a JOIN catalog.indicator AS i USING (indicator_code)
            LEFT JOIN mart.dim_area AS d ON a.area_code = d.area_code AND d.is_current
            WHERE list_contains(i.sources, {literal(source_id)}) AND (a.is_shown OR a.is_demoted)
            ORDER BY a.is_demoted, a.score DESC LIMIT {SHOWN}"""
        return ask(con, query)


def open_rows(source: Source, table: str, rule: str, page: int) -> tuple[list[dict[str, Any]], int]:
    """A page of open rows of one table and rule, with the values as they came, and how many there are."""
    where = "source_id = ? AND table_name = ? AND (? = '' OR list_contains(rules, ?)) AND status = 'open'"
    values = (source.id, table, rule, rule)
    with connect.intake() as con:
        (counted,) = ask(con, f"SELECT count(*) AS n FROM quarantine.row WHERE {where}", *values)
        rows = ask(
            con,
            f"SELECT * FROM quarantine.row WHERE {where} ORDER BY created_at DESC, quarantine_id LIMIT {PAGE} OFFSET {page * PAGE}",
            *values,
        )
    for row in rows:
        row["values"] = json.loads(row["row_json"])
    return rows, int(counted["n"])


def open_ids(source: Source, table: str, rule: str) -> list[str]:
    """Every open row of one table and rule."""
    with connect.intake() as con:
        found = ask(
            con,
            """SELECT quarantine_id FROM quarantine.row
            WHERE source_id = ? AND table_name = ? AND list_contains(rules, ?) AND status = 'open'""",
            source.id,
            table,
            rule,
        )
    return [row["quarantine_id"] for row in found]


def wrong_values(source: Source, table: str, rule: str) -> list[dict[str, Any]]:
    """The values that break one rule about a column, with how often and what is said of one: what a mapping would mend."""
    column = column_of(source, table, rule)
    if column is None or rule.split(":")[0] not in (
        "type",
        "code_list",
        "area",
        "pattern",
        "unit",
        "check",
        "range",
        "encoding",
    ):
        return []
    if rule.startswith("unit:") and column.unit_in:
        column = source.table(table).column(column.unit_in)
    with connect.intake() as con:
        found = ask(
            con,
            f"""SELECT trim(json_extract_string(row_json, ?)) AS value, count(*) AS rows, any_value(reasons_vi[list_position(rules, ?)]) AS vi,
                   any_value(reasons_en[list_position(rules, ?)]) AS en
            FROM quarantine.row WHERE source_id = ? AND table_name = ? AND list_contains(rules, ?) AND status = 'open'
            GROUP BY 1 HAVING value IS NOT NULL ORDER BY rows DESC, value LIMIT {PAGE}""",
            f'$."{column.source_name}"',
            rule,
            rule,
            source.id,
            table,
            rule,
        )
    return [one | {"column": column.name} for one in found]


def column_of(source: Source, table: str, rule: str) -> Column | None:
    """The column that a rule `kind:column` speaks of."""
    name = rule.partition(":")[2]
    return next((c for t in source.tables if t.name == table for c in t.columns if c.name == name), None)


def raw_rows(source: Source, table: str, empty: str) -> tuple[list[str], list[dict[str, Any]]]:
    """The newest loaded rows of a table (where the column `empty` is empty, if given): names and values, personal data out."""
    declared = source.table(table)
    names = [c.name for c in declared.columns if c.class_ != "pii"]
    raw = f"raw.{quote(raw_name(source.id, table))}"
    where = f"WHERE {quote(empty)} IS NULL" if empty in names else ""
    with connect.intake() as con:
        if not has_table(con, "raw", raw_name(source.id, table)):
            return names, []
        listed = ", ".join(map(quote, names))
        rows = ask(
            con,
            f"SELECT {listed}, _source_ref FROM {raw} {where} ORDER BY _loaded_at DESC, _row_number DESC LIMIT {PAGE}",
        )
    return names, rows


def local_time(moment: datetime | None) -> str:
    """`23/11/2026 08:05` in the province."""
    return moment.astimezone(ZoneInfo(connect.TIME_ZONE)).strftime("%d/%m/%Y %H:%M") if moment else "–"


def day(value: date | str | None) -> str:
    return value.strftime("%d/%m/%Y") if isinstance(value, date) else str(value or "–")


def in_words(text: str) -> str:
    """What a decision's JSON says: `{"range": [0, 100]}` → `0; 100`, `{"value": null, "key": {"ma": "A"}}` → `∅ (A)`."""
    body = json.loads(text or "{}")
    key = " | ".join(map(str, (body.pop("key", None) or {}).values()))
    said = "; ".join(
        _plain(part) for value in body.values() for part in (value if isinstance(value, list) else [value])
    )
    return f"{said} ({key})" if key else said


def _plain(value: Any) -> str:
    return "∅" if value in (None, "") else f"{value:g}" if isinstance(value, float) else str(value)


def ago(moment: datetime | None) -> tuple[str, str]:
    """`2 giờ`, `2 hours`."""
    if moment is None:
        return "chưa có", "never"
    minutes = max(0, int((datetime.now(UTC) - moment).total_seconds() // 60))
    for size, vi, en in ((1440, "ngày", "days"), (60, "giờ", "hours")):
        if minutes >= size:
            return f"{minutes // size} {vi}", f"{minutes // size} {en}"
    return f"{minutes} phút", f"{minutes} minutes"
