"""Alarms from data rules: the newest published ones with what people have done about them since, and the steps that people take.

The published build says what readings mean (`mart.alarm_now`); the ledger (`ops.alarm_step`) what duty officers did. A step counts
for the alarm of its series that was open at the step's `opened_at`: late rows may move an opening, and with it the alarm's id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

import duckdb

from warehouse import connect, publish
from warehouse.connect import bind, insert, literal
from warehouse.errors import Fault
from warehouse.ids import new_id

Step = Literal["acknowledge", "note", "close", "reopen", "hand_over"]
STEPS: tuple[Step, ...] = ("acknowledge", "note", "close", "reopen", "hand_over")
WAIT_SECONDS = 60.0
#: The order of lists: what nobody took in time, what is open by severity, what is over; the newest first.
_ORDER = {"dang_mo": 0, "mat_tin_hieu": 0, "da_nhan": 1, "len_cap": 2, "dong_boi_nguoi": 3, "da_dong": 4}


def rows(con: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    found = con.execute(sql)
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def now(at: datetime | None = None) -> list[dict[str, Any]]:
    """Every alarm of the served build as `mart.alarm_now` has it, with the steps of the ledger, the most urgent first. Without a
    published build, or one from before there were alarms, none."""
    served = publish.current()
    if served is None:
        return []
    with connect.served(served.path) as con:
        try:
            found = rows(con, "SELECT * FROM mart.alarm_now")
        except duckdb.CatalogException:
            return []
    with connect.intake(wait_seconds=WAIT_SECONDS) as con:
        taken = rows(con, "SELECT * FROM ops.alarm_step ORDER BY taken_at, step_id")
    at = at or datetime.now(UTC)
    alarms = [with_steps(one, [s for s in taken if covers(one, s)], at) for one in found]
    return sorted(alarms, key=lambda a: (not a["is_overdue"], _ORDER[a["state"]], a["level"] != "alarm", -a["opened_at"].timestamp(), a["alarm_id"]))  # fmt: skip


def one(alarm_id: str) -> dict[str, Any]:
    """One alarm by its id, or by the start of it. Raises `Fault` IOC-540 when none, or more than one, is called so."""
    found = [alarm for alarm in now() if alarm_id and alarm["alarm_id"].startswith(alarm_id)]
    if len(found) != 1:
        raise Fault(
            "IOC-540", f"Không có báo động {alarm_id}.", f"There is no alarm {alarm_id}.",
            why="" if not found else ", ".join(alarm["alarm_id"] for alarm in found), fix="./ioc alarm list --all", exit_code=2,
        )  # fmt: skip
    return found[0]


def readings(alarm: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The readings of an alarm's object (`read_at, value, threshold`), from a third of its length (at least a day) before it opened
    until as long after it closed, at most 1,000, the newest."""
    served = publish.current()
    if served is None:
        return []
    end = alarm["closed_at"] or alarm["last_read_at"]
    margin = max(timedelta(days=1), (end - alarm["opened_at"]) / 3)
    with connect.served(served.path) as con:
        return rows(con, f"""SELECT read_at, value, threshold FROM (
            SELECT * FROM mart.fct_alarm_reading WHERE series = {literal(alarm["series"])}
              AND read_at BETWEEN {bind("?", alarm["opened_at"] - margin)} AND {bind("?", end + margin)} ORDER BY read_at DESC LIMIT 1000)
            ORDER BY read_at""")  # fmt: skip


def covers(alarm: Mapping[str, Any], step: Mapping[str, Any]) -> bool:
    """Whether a step (or a message) was about this alarm."""
    return (
        step["series"] == alarm["series"]
        and step["opened_at"] >= alarm["opened_at"]
        and (alarm["closed_at"] is None or step["opened_at"] < alarm["closed_at"])
    )


def with_steps(alarm: Mapping[str, Any], steps: Sequence[Mapping[str, Any]], at: datetime) -> dict[str, Any]:
    """An alarm with the steps taken about it (oldest first) folded in, as `mart.alarm_now` will have it after the next build."""
    since = max((n + 1 for n, s in enumerate(steps) if s["step"] == "reopen"), default=0)
    acknowledged = next((s for s in steps[since:] if s["step"] == "acknowledge"), None)
    closed = next((s for s in reversed(steps[since:]) if s["step"] == "close"), None)
    state, words = alarm["state_of_data"], alarm["state_vi"]
    if state != "da_dong" and closed:
        state, words = "dong_boi_nguoi", f"Đóng bởi {closed['taken_by']}: {closed['why']}"
    elif state == "dang_mo":
        state, words = ("da_nhan", f"Đã nhận: {acknowledged['taken_by']}") if acknowledged else ("dang_mo", "Đang mở, chưa ai nhận")  # fmt: skip
    elif alarm["state"] == "dong_boi_nguoi":  # reopened since the build
        words = {"len_cap": "Đã lên cấp cao hơn", "mat_tin_hieu": "Mất tín hiệu"}[state]
    return {
        **alarm, "state": state, "state_vi": words, "steps": list(steps), "is_open": state in ("dang_mo", "da_nhan", "mat_tin_hieu"),
        "acknowledged_by": acknowledged and acknowledged["taken_by"], "acknowledged_at": acknowledged and acknowledged["taken_at"],
        "closed_by": closed and closed["taken_by"], "closed_by_at": closed and closed["taken_at"], "closed_why": closed and closed["why"],
        "is_overdue": state in ("dang_mo", "mat_tin_hieu") and not acknowledged and alarm["due_at"] is not None and at > alarm["due_at"],
        "icon": "●" if state in ("da_dong", "dong_boi_nguoi") else "■" if alarm["level"] == "alarm" else "▲",
    }  # fmt: skip


def take(alarm_id: str, step: Step, *, by: str, why: str = "") -> dict[str, Any]:
    """Record one step of one person, and give the alarm as it then is. Of two who acknowledge at once the first has it.

    Raises `Fault` IOC-540 for an unknown alarm, IOC-541 when somebody has already acknowledged it, IOC-542 when it is over (or,
    to reopen, was not closed by a person), IOC-543 without a reason where one is needed (everything but to acknowledge).
    """
    alarm = one(alarm_id)
    if step != "acknowledge" and len(why.strip()) < 3:
        raise Fault("IOC-543", "Thiếu lý do.", "A reason is missing.", fix=f'./ioc alarm {step.replace("_", "-")} {alarm["alarm_id"]} --why "…"', exit_code=2)  # fmt: skip
    at = datetime.now(UTC)
    with connect.writer("ioc alarm", wait_seconds=WAIT_SECONDS) as con:
        series = literal(alarm["series"])
        taken = [
            s
            for s in rows(con, f"SELECT * FROM ops.alarm_step WHERE series = {series} ORDER BY taken_at, step_id")
            if covers(alarm, s)
        ]
        present = with_steps(alarm, taken, at)
        _allowed(present, step)
        con.execute(insert("ops.alarm_step", [{
            "step_id": new_id(), "alarm_id": alarm["alarm_id"], "series": alarm["series"], "opened_at": alarm["opened_at"],
            "step": step, "taken_at": at, "taken_by": by, "why": " ".join(why.split())[:300],
        }]))  # fmt: skip
        taken = [
            s
            for s in rows(con, f"SELECT * FROM ops.alarm_step WHERE series = {series} ORDER BY taken_at, step_id")
            if covers(alarm, s)
        ]
    return with_steps(alarm, taken, at)


def _allowed(alarm: Mapping[str, Any], step: Step) -> None:
    name, fix = alarm["alarm_id"], f"./ioc alarm show {alarm['alarm_id']}"
    if step == "acknowledge" and alarm["acknowledged_at"] is not None:
        who, when = alarm["acknowledged_by"], alarm["acknowledged_at"].astimezone(ZoneInfo(connect.TIME_ZONE))
        raise Fault("IOC-541", f"Báo động {name} đã có {who} nhận lúc {when:%H:%M %d/%m}.", f"Alarm {name} was acknowledged by {who} at {when:%H:%M %d/%m}.", fix=fix)  # fmt: skip
    is_over = alarm["state"] in ("da_dong", "dong_boi_nguoi")
    if step in ("acknowledge", "close", "hand_over") and is_over:
        raise Fault("IOC-542", f"Báo động {name} đã đóng.", f"Alarm {name} is closed.", why=alarm["state_vi"], fix=fix)
    if step == "reopen" and alarm["state"] != "dong_boi_nguoi":
        raise Fault("IOC-542", f"Báo động {name} không phải do người đóng.", f"Alarm {name} was not closed by a person.", why=alarm["state_vi"], fix=fix)  # fmt: skip
