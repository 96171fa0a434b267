"""The steward's decisions: accept, correct, map, change a rule with a second person; each with who, why, before and after.

Every one is a row of `ops.decision`, never changed but for its confirmation. What a decision does is done by the rooms it
concerns: a correction is written beside the declarations (`ingestion.correction`), rows are replayed by
`ingestion.quarantine`, and the next build takes them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from ingestion import correction, quarantine, registry
from ingestion.correction import Correction, Mending, RuleChange
from ingestion.ledger import ask
from ingestion.model import Source
from warehouse import connect
from warehouse.connect import insert, literal
from warehouse.errors import Fault
from warehouse.ids import new_id

WAIT_SECONDS = 60.0


@dataclass(frozen=True)
class Decided:
    """`now_pass` of `of_rows` open rows of the source pass since; both 0 where nothing was replayed."""

    decision_id: str
    status: str
    now_pass: int = 0
    of_rows: int = 0


def accept(ids: Sequence[str], *, by: str, why: str) -> Decided:
    """Rows that stay out, because somebody says why. Raises `Fault` IOC-310 for one that is not open; then none is."""
    _said(why)
    source_id, table = quarantine.of_one_table(ids)
    quarantine.accept(*ids, by=by, why=why, wait_seconds=WAIT_SECONDS)
    before, after = {"status": "open", "rows": list(ids)}, {"status": "accepted"}
    return _record("accept", source_id, table, f"{len(ids)} dòng", by, why, before=before, after=after)


def report(ids: Sequence[str], *, by: str, why: str) -> Decided:
    """Rows that the source's owner was told to mend: they stay open until they come good."""
    _said(why)
    source_id, table = quarantine.of_one_table(ids)
    return _record("report", source_id, table, f"{len(ids)} dòng", by, why, before={"rows": list(ids)}, after={})


def correct(
    source_id: str, table: str, column: str, *, wrong: str, right: str | None, key: dict[str, str] | None = None, by: str, why: str
) -> Decided:  # fmt: skip
    """From now on `wrong` in this column means `right` (in the row of `key`, if given); open rows are replayed.

    Raises `Fault` IOC-103 when the correction does not apply to the declaration.
    """
    _said(why)
    about = {"from": wrong.strip(), "to": right, "key": key or {}}
    one = Correction.model_validate(
        {"table": table, "column": column, **about, "by": by, "why": why, "decided_on": _today()}
    )
    before = correction.read(correction.local() / f"{source_id}.yml")
    kept = [c for c in before.corrections if c.id != one.id]
    source = _write(source_id, before.model_copy(update={"corrections": [*kept, one]}))
    done = quarantine.replay(source, by=by, why=why, wait_seconds=WAIT_SECONDS)
    return _record(
        "correct" if key else "map", source_id, table, f"{column}: {one.id}", by, why,
        before={"value": wrong, "key": key or {}}, after={"value": right}, replayed=done,
    )  # fmt: skip


def correct_row(quarantine_id: str, column: str, *, right: str | None, by: str, why: str) -> Decided:
    """The same for one quarantined row, which names its own table, key and wrong value."""
    row = quarantine.show(quarantine_id)
    source = registry.load().get(row["source_id"])
    table = source.table(row["table_name"])
    if column not in {c.name for c in table.columns}:
        raise unfit(f"{row['table_name']} has no column {column!r}: {', '.join(c.name for c in table.columns)}")
    key = quarantine.key_of(table, row)
    if not key:
        raise unfit(
            "this row has no whole key; correct its value for all rows instead: SOURCE.TABLE.COLUMN --from … --to …"
        )
    wrong = json.loads(row["row_json"]).get(table.column(column).source_name) or ""
    return correct(source.id, table.name, column, wrong=wrong, right=right, key=key, by=by, why=why)


def withdraw_correction(source_id: str, correction_id: str, *, by: str, why: str) -> Decided:
    """A correction of this server goes. Rows that it put right stay until the table is rebuilt."""
    _said(why)
    before = correction.read(correction.local() / f"{source_id}.yml")
    gone = [c for c in before.corrections if c.id == correction_id]
    if not gone:
        raise _no_such(correction_id)
    _write(
        source_id, before.model_copy(update={"corrections": [c for c in before.corrections if c.id != correction_id]})
    )
    return _record(
        "withdraw", source_id, gone[0].table, f"{gone[0].column}: {correction_id}", by, why,
        before=gone[0].model_dump(mode="json", by_alias=True), after={},
    )  # fmt: skip


def propose_rule(source_id: str, table: str, column: str, rule: str, value: Any, *, by: str, why: str) -> Decided:
    """A change of one rule of a column, which holds when a second person has confirmed it."""
    _said(why)
    source = registry.load().get(source_id)
    trial = _change(table, column, rule, value, by, why, confirmed_by=f"not {by}")
    _applied(source, Mending(rules=[trial]))
    was = next(c for t in source.tables if t.name == table for c in t.columns if c.name == column)
    return _record(
        "rule", source_id, table, f"{column}.{rule}", by, why,
        before={rule: _plain(getattr(was, rule))}, after={rule: value}, status="waiting",
    )  # fmt: skip


def confirm(decision_id: str, *, by: str) -> Decided:
    """The second person agrees: the rule holds from now on, open rows are replayed. Raises `Fault` IOC-311 for the person who
    proposed it, or when nothing waits under that name."""
    waiting = _waiting(decision_id)
    if waiting["decided_by"] == by:
        raise Fault(
            "IOC-311",
            "Người đề xuất không tự xác nhận được thay đổi quy tắc.",
            "The person who proposed a change of rule cannot confirm it.",
            why="a rule that judges everybody's numbers is changed by two persons",
            fix="./ioc quarantine decisions",
            exit_code=2,
        )
    source_id, table = waiting["source_id"], waiting["table_name"]
    ((rule, value),) = json.loads(waiting["after_json"]).items()
    column = waiting["subject"].removesuffix(f".{rule}")
    one = _change(table, column, rule, value, waiting["decided_by"], waiting["why"], confirmed_by=by)
    before = correction.read(correction.local() / f"{source_id}.yml")
    kept = [r for r in before.rules if (r.table, r.column, r.rule) != (table, column, rule)]
    source = _write(source_id, before.model_copy(update={"rules": [*kept, one]}))
    done = quarantine.replay(source, by=by, why=waiting["why"], wait_seconds=WAIT_SECONDS)
    _close(decision_id, "confirmed", by, done)
    return Decided(decision_id, "confirmed", *done)


def refuse(decision_id: str, *, by: str) -> Decided:
    """A change that waits is refused, or withdrawn by whoever proposed it."""
    _waiting(decision_id)
    _close(decision_id, "withdrawn", by, (0, 0))
    return Decided(decision_id, "withdrawn")


def false_alarm(relation: str, rule: str, *, by: str, why: str, source_id: str = "") -> Decided:
    """A warning that was none (of a table, or `anomaly:<indicator>` and its detector). The third within 90 days demotes the
    rule for this table or indicator, and every page says so."""
    _said(why)
    table = ""
    if relation.startswith("raw."):
        source_id, _, table = relation.removeprefix("raw.").partition("__")
    return _record("false_alarm", source_id, table, f"{relation}:{rule}", by, why, before={}, after={})


def replay(source_id: str, *, by: str, why: str) -> Decided:
    """All open rows of a source are judged anew under the present declaration and corrections."""
    _said(why)
    done = quarantine.replay(registry.load().get(source_id), by=by, why=why, wait_seconds=WAIT_SECONDS)
    return _record("replay", source_id, "", f"{done[0]}/{done[1]} dòng", by, why, before={}, after={}, replayed=done)


def history(source_id: str | None = None, *, status: str | None = None, limit: int = 200) -> list[dict[str, Any]]:
    """Decisions, newest first."""
    with connect.intake() as con:
        return ask(
            con,
            """SELECT * FROM ops.decision WHERE (? IS NULL OR source_id = ?) AND (? IS NULL OR status = ?)
            ORDER BY decided_at DESC LIMIT ?""",
            source_id, source_id, status, status, limit,
        )  # fmt: skip


# --- what they share ---------------------------------------------------------------------------------------------------


def _change(table: str, column: str, rule: str, value: Any, by: str, why: str, *, confirmed_by: str) -> RuleChange:
    try:
        return RuleChange(
            table=table,
            column=column,
            rule=rule,
            value=value,
            by=by,
            why=why,
            decided_on=_today(),
            confirmed_by=confirmed_by,
        )
    except ValidationError as error:
        raise unfit(str(error.errors()[0]["msg"])) from error


def _applied(source: Source, mending: Mending) -> Source:
    return correction.with_mending(source, mending, correction.local() / f"{source.id}.yml")


def _write(source_id: str, mending: Mending) -> Source:
    """Write the decisions of a source, after trying them on its declaration; the declaration as it holds now."""
    shipped = registry.load(correct=False).get(source_id)
    _applied(shipped, mending)
    correction.write(source_id, mending)
    return registry.load().get(source_id)


def _record(
    kind: str, source_id: str, table: str, subject: str, by: str, why: str, *, before: dict[str, Any], after: dict[str, Any],
    status: str = "done", replayed: tuple[int, int] = (0, 0),
) -> Decided:  # fmt: skip
    row: dict[str, object] = {
        "decision_id": new_id(), "decided_at": datetime.now(UTC), "kind": kind, "source_id": source_id, "table_name": table,
        "subject": subject, "decided_by": by, "why": why, "before_json": json.dumps(before, ensure_ascii=False),
        "after_json": json.dumps(after, ensure_ascii=False), "status": status, "now_pass": replayed[0], "of_rows": replayed[1],
    }  # fmt: skip
    with connect.writer("decision", wait_seconds=WAIT_SECONDS) as con:
        con.execute(insert("ops.decision", [row]))
    return Decided(str(row["decision_id"]), status, *replayed)


def _waiting(decision_id: str) -> dict[str, Any]:
    with connect.intake() as con:
        found = ask(con, "SELECT * FROM ops.decision WHERE decision_id = ? AND status = 'waiting'", decision_id)
    if not found:
        raise _no_such(decision_id)
    return found[0]


def _close(decision_id: str, status: str, by: str, done: tuple[int, int]) -> None:
    with connect.writer("decision", wait_seconds=WAIT_SECONDS) as con:
        ask(
            con,
            "UPDATE ops.decision SET status = ?, confirmed_by = ?, confirmed_at = ?, now_pass = ?, of_rows = ? WHERE decision_id = ?",
            status, by, datetime.now(UTC), *done, decision_id,
        )  # fmt: skip


def _today() -> date:
    return datetime.now(ZoneInfo(connect.TIME_ZONE)).date()


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _said(why: str) -> None:
    if len(why.strip()) < 3:
        raise unfit("a decision needs a reason of at least three letters")


def unfit(why: str) -> Fault:
    """A decision that cannot be recorded, and why."""
    return Fault(
        "IOC-312",
        "Quyết định này không ghi được.",
        "This decision cannot be recorded.",
        why=why,
        fix="./ioc quarantine --help",
        exit_code=2,
    )


def _no_such(name: str) -> Fault:
    return Fault(
        "IOC-311",
        f"Không có quyết định nào đang chờ tên {literal(name)}.",
        f"No decision called {literal(name)} is waiting.",
        fix="./ioc quarantine decisions",
        exit_code=2,
    )
