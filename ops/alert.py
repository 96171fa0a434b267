"""Which sources broke their promise, and who was told: one message a source, one reminder a day, one word when it is well.

A round (`send`) reads the ledger, writes `ops.alert`, and sends over every channel what that channel has not sent yet
(`ops.alert_message`). It can be killed anywhere and run again: a message keeps its id, and comes twice rather than never.
Rounds are asked for by `ioc run`, by the build in Airflow, and every ten minutes by a DAG or a cron line of their own.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from ingestion import ledger
from ops import channel, letter, settings
from ops.channel import Channel
from ops.codes import CODES
from ops.letter import Letter, Reason, Subject, What
from warehouse import connect
from warehouse.connect import bind
from warehouse.errors import Fault

ZONE = ZoneInfo(connect.TIME_ZONE)
#: Where a stop concerns no single source, and where nobody can be asked because the warehouse is held.
BUILD, WAREHOUSE = "ban_dung", "kho"
#: The longest task of the pipeline may take this long; who holds the warehouse longer hangs.
HELD = timedelta(minutes=60)
#: A closing that no channel took in this time is not news any more.
STALE = timedelta(days=3)
#: Share of the expected slots of a day, proposed by the catalogue for indicator MT08 (marked P), not by a regulation.
SLOTS_PCT = 80.0
REMIND_FROM = 7
REST = timedelta(hours=1)


@dataclass(frozen=True)
class Alert:
    """A row of `ops.alert`; `about` is what its source is called now."""

    alert_id: str
    about: Subject
    opened_at: datetime
    reasons: tuple[Reason, ...]
    closed_at: datetime | None = None

    @property
    def kinds(self) -> list[str]:
        return sorted(reason.kind for reason in self.reasons)


@dataclass
class Round:
    """What a round did. `failed` counts messages that a channel did not take; they are tried again."""

    open: int = 0
    messages: list[dict[str, Any]] = field(default_factory=list)
    is_other_at_work: bool = False

    @property
    def failed(self) -> int:
        return sum(one["error"] is not None for one in self.messages)


def send(
    *, now: datetime | None = None, channels: Sequence[Channel] | None = None, dry_run: bool = False, wait_seconds: float = 30
) -> Round:  # fmt: skip
    """One round. With `dry_run` nothing is sent or written: `messages` are those that would go now.

    Raises `Fault` IOC-075 when the warehouse is busy (the next round will do) and IOC-017 when a channel's settings are
    wrong (then the ledger already has what was found).
    """
    now = now or datetime.now(UTC)
    done = Round()
    with _alone() as is_alone:
        if not is_alone:
            return Round(is_other_at_work=True)
        try:
            with connect.lock("ioc alert", shared=True, wait_seconds=wait_seconds):
                known = ledger.status(now)
        except Fault as busy:
            return _tell_held(busy, now, channels, dry_run)
        with connect.writer("ioc alert", wait_seconds=wait_seconds) as con, _kept(con, not dry_run):
            _take_spool(con)
            alerts = _record(con, find(con, known, now), _subjects(con), now)
            sent = _messages(con)
        _spool().unlink(missing_ok=True) if not dry_run else None
        done.open = sum(alert.closed_at is None for alert in alerts)
        channels = channel.configured() if channels is None else channels
        names = [each.name for each in channels if not _rests(each.name, sent, now)] or (["–"] if dry_run else [])
        wanted = list(_due(alerts, sent, names, now))
        if dry_run:
            done.messages = [_shown(one, name, None) for name, _, one in wanted]
            return done
        rows: list[dict[str, Any]] = []
        try:
            for row, one in _deliver(wanted, sent, channels, now):
                rows.append(row)
                done.messages.append(_shown(one, row["channel"], row["error"]))
        finally:
            if rows:
                with connect.writer("ioc alert", wait_seconds=wait_seconds) as con, _kept(con, True):
                    _write_messages(con, rows)
        return done


def after_run() -> str | None:
    """A round that never fails whoever calls it: gives what went wrong, in words for the log."""
    from ops import alarm

    try:
        failed = send().failed + sum(one["error"] is not None for one in alarm.send())
    except Exception as error:  # an alert is never worth a run
        return f"{type(error).__name__}: {error}"
    return f"{failed} tin báo chưa gửi được; lần sau gửi lại" if failed else None


def on_deadline(**context: Any) -> None:
    """What Airflow calls when a pull or a build is not over in time: a round at once. What it finds, it tells."""
    settings.apply()
    send()


def try_channels(now: datetime | None = None) -> list[dict[str, Any]]:
    """A test message over every channel, to the default address. Raises `Fault` IOC-017 when there is no channel."""
    now = now or datetime.now(UTC)
    channels = channel.configured()
    if not channels:
        raise Fault("IOC-017", "Chưa có kênh báo nào.", "No channel is configured.", fix="docs/alerts.md", exit_code=2)
    about = Subject("thu", "Kênh báo của Đông Sơn", "Channels of Đông Sơn", 1)
    one = letter.write(f"thu-{now:%Y%m%dT%H%M%S}", "test", about, (), opened_at=now, now=now)
    return [_shown(one, each.name, error) for each in channels for _, error in each.deliver([one])]


def history(*, with_closed: bool = False) -> list[dict[str, Any]]:
    """Alerts, open ones first, then the newest; `told` lists their messages."""
    with connect.intake() as con:
        if not ledger.ask(con, "SELECT 1 FROM duckdb_tables() WHERE schema_name = 'ops' AND table_name = 'alert'"):
            return []
        which = "" if with_closed else "WHERE closed_at IS NULL"
        rows = ledger.ask(
            con, f"SELECT * FROM ops.alert {which} ORDER BY closed_at IS NOT NULL, opened_at DESC LIMIT 200"
        )
        told = ledger.ask(con, "SELECT * FROM ops.alert_message ORDER BY first_at")
    for row in rows:
        row["reasons"] = json.loads(row["reasons"])
        row["told"] = [one for one in told if one["alert_id"] == row["alert_id"]]
    return rows


# --- what is wrong -----------------------------------------------------------------------------------------------------


def find(con: duckdb.DuckDBPyConnection, known: Sequence[Mapping[str, Any]], now: datetime) -> dict[str, list[Reason]]:
    """Source → its broken promises. `known` is `ledger.status(now)`; a source that is switched off promises nothing."""
    tried: dict[str, datetime] = dict(
        con.execute("SELECT source_id, min(started_at) FROM ops.pull GROUP BY 1").fetchall()
    )
    first = min(tried.values(), default=None)  # a source that nobody ever asked is late as well, once others were asked
    cutoffs = dict(con.execute("SELECT source_id, cutoff FROM ops.source WHERE cutoff IS NOT NULL").fetchall())
    found: dict[str, list[Reason]] = {}
    for row in known:
        since = tried.get(row["source_id"], first)
        if row["is_enabled"] and since is not None:
            reasons = [
                _late(row, since, now),
                _cut_off(row, cutoffs.get(row["source_id"]), since, now),
                _slots(row, since, now),
            ]
            found[row["source_id"]] = [reason for reason in reasons if reason]
    for source_id, reason in _stops(con):
        found.setdefault(source_id, []).append(reason)
    return {source_id: reasons for source_id, reasons in found.items() if reasons}


def _late(row: Mapping[str, Any], first: datetime, now: datetime) -> Reason | None:
    passed = (row["last_success_at"] or first) + timedelta(minutes=row["late_after_minutes"])
    if passed >= now:
        return None
    promise_vi, promise_en = _span(row["late_after_minutes"])
    good = row["last_success_at"]
    last_vi = f"lần gần nhất lúc {_at(good)}" if good else "chưa lần nào kéo được"
    last_en = f"the last one was at {_at(good)}" if good else "there never was one"
    if row["status"] == "failed" and (code := CODES.get(row["code"] or "")):
        last_vi += f"; lần kéo cuối: {row['code']}, {code.title_vi}"
        last_en += f"; the last pull: {row['code']}, {code.title_en}"
    return Reason(
        "late", passed, f"Chậm: hẹn có lần kéo tốt trong {promise_vi}, {last_vi}.", f"Late: a good pull was promised within {promise_en}, {last_en}.",
        f"./ioc source pull {row['source_id']}",
    )  # fmt: skip


def _cut_off(row: Mapping[str, Any], cutoff: str | None, first: datetime, now: datetime) -> Reason | None:
    """The last daily deadline that passed wants a good pull with events of its day; where a source's rows have no event
    time, a good pull on that day."""
    if cutoff is None:
        return None
    deadline = last_cutoff(cutoff, now)
    day_began = datetime.combine(deadline.date(), time(), ZONE)
    event, good = row["last_event_at"], row["last_success_at"]
    if deadline <= first or (good and good >= day_began and (event is None or event >= day_began)):
        return None
    return Reason(
        "cutoff", deadline, f"Quá giờ chốt {cutoff}: chưa có số liệu của ngày {deadline:%d/%m/%Y}.", f"Past the cutoff {cutoff}: no data of {deadline:%d/%m/%Y} yet.",
        f"./ioc source pull {row['source_id']}",
    )  # fmt: skip


def last_cutoff(cutoff: str, now: datetime) -> datetime:
    """The newest `HH:MM` of a local day that has passed."""
    local = now.astimezone(ZONE)
    today = datetime.combine(local.date(), time.fromisoformat(cutoff), ZONE)
    return today if today < local else datetime.combine(local.date() - timedelta(days=1), today.timetz())


def _slots(row: Mapping[str, Any], first: datetime, now: datetime) -> Reason | None:
    """Judged once a source was asked for a whole day."""
    floor = float(os.environ.get("IOC_ALERT_SLOTS_PCT") or SLOTS_PCT)
    few = [
        f"{slot['table_name']} {slot['captured']}/{slot['expected']} ({100 * slot['captured'] / slot['expected']:.0f} %)"
        for slot in row["slots"]
        if slot["expected"] and 100 * slot["captured"] < floor * slot["expected"]
    ]
    if not few or now - first < timedelta(days=1):
        return None
    listed = ", ".join(few)
    return Reason(
        "slots", now, f"Thiếu kỳ đo trong 24 giờ, sàn {floor:g} %: {listed}.", f"Slots missing in 24 hours, floor {floor:g} %: {listed}.",
        f"./ioc source pull {row['source_id']}",
    )  # fmt: skip


_STOPS = """
WITH judged AS (SELECT build_id, checked_at FROM ops.source_score UNION ALL SELECT build_id, checked_at FROM ops.finding),
newest AS (SELECT arg_max(build_id, checked_at) AS build_id FROM judged)
SELECT * FROM ops.finding SEMI JOIN newest USING (build_id)
WHERE tier = 1 AND severity = 'stop' ORDER BY source_id, relation, rule, column_name"""


def _stops(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, Reason]]:
    """Tier-1 rules that hold the newest judged build, rolled up by source."""
    rows = ledger.ask(con, _STOPS)
    for source_id in sorted({row["source_id"] or BUILD for row in rows}):
        mine = [row for row in rows if (row["source_id"] or BUILD) == source_id]
        fix = "./ioc build list" if source_id == BUILD else f"./ioc quarantine list --source {source_id}"
        yield source_id, Reason(
            "stop", min(row["checked_at"] for row in mine), f"{len(mine)} phép kiểm chặn công bố không đạt: {_rolled(mine, 'message_vi')}.",
            f"{len(mine)} checks that hold the publication failed: {_rolled(mine, 'message_en')}.", fix,
        )  # fmt: skip


def _rolled(rows: Sequence[Mapping[str, Any]], words: str) -> str:
    """The first three; counts, never what a detector saw, which stands behind the dash."""
    told = [f"{row['relation']}: {row[words].split(' — ')[0]}" + (f" ({row['unexpected_count']})" if row["unexpected_count"] else "") for row in rows[:3]]  # fmt: skip
    return "; ".join(told) + (f"; +{len(rows) - 3}" if len(rows) > 3 else "")


def _span(minutes: int) -> tuple[str, str]:
    for size, vi, en in ((1440, "ngày", "d"), (60, "giờ", "h")):
        if minutes % size == 0:
            return f"{minutes // size} {vi}", f"{minutes // size} {en}"
    return f"{minutes} phút", f"{minutes} min"


def _at(moment: datetime) -> str:
    return f"{moment.astimezone(ZONE):%H:%M %d/%m/%Y}"


# --- the ledger --------------------------------------------------------------------------------------------------------


def _subjects(con: duckdb.DuckDBPyConnection) -> dict[str, Subject]:
    rows = ledger.ask(con, "SELECT * FROM ops.source")
    return {
        row["source_id"]: Subject(
            row["source_id"], row["title_vi"], row["title_en"], row["tier"] or 2, ", ".join(filter(None, (row["owner_agency"], row["owner_unit"]))),
            row["owner_contact"] or "", bool(row["is_made_up"]),
        )
        for row in rows
    } | {
        BUILD: Subject(BUILD, "Bản dựng mới nhất", "The newest build", 1),
        WAREHOUSE: Subject(WAREHOUSE, "Kho dữ liệu", "The warehouse", 1),
    }  # fmt: skip


def _record(
    con: duckdb.DuckDBPyConnection, found: Mapping[str, list[Reason]], subjects: Mapping[str, Subject], now: datetime
) -> list[Alert]:  # fmt: skip
    """Open, update and close; gives the open alerts and those closed of late. A source that fell ill again before any
    channel said it was well goes on under its old alert."""
    rows = ledger.ask(con, "SELECT * FROM ops.alert WHERE closed_at IS NULL OR closed_at > ? ORDER BY opened_at", now - STALE)  # fmt: skip
    told = ledger.ask(con, "SELECT alert_id, bool_or(what = 'closed' AND sent_at IS NOT NULL) AS is_over FROM ops.alert_message GROUP BY 1")  # fmt: skip
    going = {one["alert_id"] for one in told if not one["is_over"]}
    alerts = []
    for row in rows:
        about = subjects.get(row["source_id"]) or Subject(
            row["source_id"], row["source_id"], row["source_id"], row["tier"]
        )
        old = tuple(_reason(one) for one in json.loads(row["reasons"]))
        alert = Alert(row["alert_id"], about, row["opened_at"], old, row["closed_at"])
        ill = found.get(row["source_id"])
        if ill and (alert.closed_at is None or alert.alert_id in going):
            began = {reason.kind: reason.since for reason in old}
            kept = tuple(replace(one, since=min(one.since, began.get(one.kind, one.since))) for one in ill)
            alert = replace(alert, reasons=kept, closed_at=None)
        elif alert.closed_at is None:
            alert = replace(alert, closed_at=now)
        alerts.append(alert)
    there = {alert.about.source_id for alert in alerts if alert.closed_at is None}
    for source_id, reasons in found.items():
        if source_id not in there:
            alerts.append(
                Alert(
                    f"{source_id}-{now.astimezone(UTC):%Y%m%dT%H%M%S}",
                    subjects.get(source_id) or Subject(source_id, source_id, source_id, 1),
                    now,
                    tuple(reasons),
                )
            )
    before = {row["alert_id"]: row for row in rows}
    for alert in alerts:
        _write_alert(con, alert, before.get(alert.alert_id), now)
    return alerts


def _write_alert(con: duckdb.DuckDBPyConnection, alert: Alert, before: Mapping[str, Any] | None, now: datetime) -> None:
    body = {
        "alert_id": alert.alert_id, "source_id": alert.about.source_id, "tier": alert.about.tier, "opened_at": alert.opened_at,
        "closed_at": alert.closed_at, "kinds": alert.kinds, "reasons": json.dumps([asdict(one) for one in alert.reasons], ensure_ascii=False, default=str),
    }  # fmt: skip
    if before is not None and all(before[name] == value for name, value in body.items()):
        return
    con.execute(bind("DELETE FROM ops.alert WHERE alert_id = ?", alert.alert_id))
    con.execute(connect.insert("ops.alert", [body | {"updated_at": now}]))


def _reason(body: Mapping[str, Any]) -> Reason:
    return Reason(**{**body, "since": datetime.fromisoformat(body["since"])})


def _messages(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    return ledger.ask(con, "SELECT * FROM ops.alert_message ORDER BY first_at")


def _write_messages(con: duckdb.DuckDBPyConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    for row in rows:
        con.execute(
            bind(
                "DELETE FROM ops.alert_message WHERE message_id = ? AND channel = ?", row["message_id"], row["channel"]
            )
        )
    con.execute(connect.insert("ops.alert_message", rows))


# --- who is told what, when --------------------------------------------------------------------------------------------


def may_tell(tier: int, now: datetime) -> bool:
    """Tier 1 always; tier 2 not from 22:00 to 06:00; tier 3 from 07:00 to 17:00 on working days (Monday to Friday)."""
    local = now.astimezone(ZONE)
    if tier == 1:
        return True
    if tier == 2:
        return 6 <= local.hour < 22
    return local.weekday() < 5 and 7 <= local.hour < 17


def due(alert: Alert, sent: Sequence[Mapping[str, Any]], now: datetime) -> What | None:
    """What a channel should say now of an alert. `sent` are its messages there so far, those that failed too.

    What was well again before anybody tried to tell is left untold.
    """
    arrived = [one for one in sent if one["sent_at"]]
    if not may_tell(alert.about.tier, now):
        return None
    if alert.closed_at is not None:
        is_over = alert.closed_at <= now - STALE or any(one["what"] == "closed" for one in arrived)
        return "closed" if sent and not is_over else None
    if not arrived:
        return "opened"
    if set(alert.kinds) - {kind for one in arrived for kind in one["kinds"]}:
        return "worse"
    local = now.astimezone(ZONE)
    last: date = max(one["sent_at"] for one in arrived).astimezone(ZONE).date()
    return "reminder" if local.date() > last and local.hour >= REMIND_FROM else None


def _rests(name: str, sent: Sequence[Mapping[str, Any]], now: datetime) -> bool:
    """A mail server that refused our login is asked once an hour, lest it lock the account; `ioc alert test` asks at once."""
    newest = max((one for one in sent if one["channel"] == name), key=lambda one: one["last_at"], default=None)
    return newest is not None and (newest["error"] or "").startswith(channel.REFUSED) and now - newest["last_at"] < REST


def _due(
    alerts: Sequence[Alert], sent: Sequence[Mapping[str, Any]], names: Sequence[str], now: datetime
) -> Iterator[tuple[str, Alert, Letter]]:  # fmt: skip
    """Channel, alert and letter; letters about tier 1 come first."""
    for name in names:
        for alert in sorted(alerts, key=lambda one: (one.about.tier, one.alert_id)):
            mine = [one for one in sent if (one["alert_id"], one["channel"]) == (alert.alert_id, name)]
            what = due(alert, mine, now)
            if what:
                yield name, alert, _letter(alert, what, now)


def _letter(alert: Alert, what: What, now: datetime) -> Letter:
    part = {"worse": "-".join(["worse", *alert.kinds]), "reminder": f"reminder-{now.astimezone(ZONE):%Y%m%d}"}.get(what, what)  # fmt: skip
    return letter.write(
        f"{alert.alert_id}.{part}", what, alert.about, alert.reasons, opened_at=alert.opened_at, closed_at=alert.closed_at, now=now,
    )  # fmt: skip


def _deliver(
    wanted: Sequence[tuple[str, Alert, Letter]], sent: Sequence[Mapping[str, Any]], channels: Sequence[Channel], now: datetime
) -> Iterator[tuple[dict[str, Any], Letter]]:  # fmt: skip
    """Rows of `ops.alert_message`, each as soon as its letter was taken or refused."""
    alerts = {one.message_id: alert for _, alert, one in wanted}
    tried = {(one["message_id"], one["channel"]): one for one in sent}
    for each in channels:
        for one, error in each.deliver([one for name, _, one in wanted if name == each.name]):
            before = tried.get((one.message_id, each.name), {"tries": 0, "first_at": now})
            alert = alerts[one.message_id]
            yield {
                "message_id": one.message_id, "alert_id": alert.alert_id, "channel": each.name, "what": one.body["what"], "kinds": alert.kinds,
                "tries": before["tries"] + 1, "first_at": before["first_at"], "last_at": now, "sent_at": None if error else now, "error": error,
            }, one  # fmt: skip


def _shown(one: Letter, name: str, error: str | None) -> dict[str, Any]:
    return {"message_id": one.message_id, "channel": name, "what": one.body["what"], "source_id": one.body["source_id"], "subject": one.subject, "text": one.text, "error": error}  # fmt: skip


# --- a warehouse that somebody holds -----------------------------------------------------------------------------------


def _tell_held(busy: Fault, now: datetime, channels: Sequence[Channel] | None, dry_run: bool) -> Round:
    """A run that hangs holds the ledger too: it is told from the lock alone, and written down once the ledger is free."""
    began = str(busy.details.get("since") or "")
    if busy.code != "IOC-075" or not began or now - datetime.fromisoformat(began) < HELD:
        raise busy
    since = datetime.fromisoformat(began)
    who = f"{busy.details.get('holder', '?')}, {busy.details.get('pid', '?')}"
    about = Subject(WAREHOUSE, "Kho dữ liệu", "The warehouse", 1)
    reason = Reason(
        "held", since, f"Kho bị giữ từ {_at(since)} ({who}): chưa nguồn nào được nạp, chưa bản nào được dựng từ đó.",
        f"The warehouse is held since {_at(since)} ({who}): nothing was loaded or built since.", "./ioc status",
    )  # fmt: skip
    alert = Alert(f"{WAREHOUSE}-{since.astimezone(UTC):%Y%m%dT%H%M%S}", about, since, (reason,))
    spooled = _read_spool()
    sent = [one for one in spooled.get("messages", []) if one["alert_id"] == alert.alert_id]
    channels = channel.configured() if channels is None else channels
    wanted = list(_due([alert], sent, [each.name for each in channels if not _rests(each.name, sent, now)], now))
    if dry_run:
        return Round(1, [_shown(one, name, None) for name, _, one in wanted])
    done = [(row, one) for row, one in _deliver(wanted, sent, channels, now)]
    fresh = {(row["message_id"], row["channel"]) for row, _ in done}
    rows = [one for one in sent if (one["message_id"], one["channel"]) not in fresh] + [row for row, _ in done]
    body = {"since": since, "reason": asdict(reason), "alert_id": alert.alert_id, "messages": rows}
    new = _spool().with_suffix(".new")
    new.write_text(json.dumps(body, default=str), encoding="utf-8")
    new.replace(_spool())
    return Round(1, [_shown(one, row["channel"], row["error"]) for row, one in done])


def _spool() -> Path:
    folder = connect.home() / "state"
    folder.mkdir(exist_ok=True)
    return folder / "alert_held.json"


def _read_spool() -> dict[str, Any]:
    try:
        body: dict[str, Any] = json.loads(_spool().read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    for row in body["messages"]:
        row |= {name: datetime.fromisoformat(row[name]) for name in ("first_at", "last_at", "sent_at") if row[name]}
    return body


def _take_spool(con: duckdb.DuckDBPyConnection) -> None:
    body = _read_spool()
    if body:
        about = Subject(WAREHOUSE, "Kho dữ liệu", "The warehouse", 1)
        since = datetime.fromisoformat(body["since"])
        _write_alert(con, Alert(body["alert_id"], about, since, (_reason(body["reason"]),)), None, since)
        if body["messages"]:
            _write_messages(con, body["messages"])


# --- one round at a time -----------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _alone() -> Iterator[bool]:
    """Whether this is the only round at work on this machine."""
    with (_spool().with_name("alert.lock")).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


@contextlib.contextmanager
def _kept(con: duckdb.DuckDBPyConnection, is_kept: bool) -> Iterator[None]:
    """A transaction that is committed, or thrown away whatever happened in it."""
    con.execute("BEGIN")
    try:
        yield
    except BaseException:
        con.execute("ROLLBACK")
        raise
    con.execute("COMMIT" if is_kept else "ROLLBACK")
