"""`ioc alarm`, and messages about alarms from data rules: what leaves the house once, grouped by the agency that must act.

`send` is called after each publication. Per channel and agency it writes at most one message on what opened and one on what is
over, each alarm in it once ever on that channel (`ops.alarm_message`); what a channel refused goes with the next round.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import typer

from ops import channel, say, settings
from ops.channel import Channel
from ops.letter import Letter, one_line
from ops.say import local, t
from ops.steward import ME, By, Why
from warehouse import alarm, connect
from warehouse.alarm import Step

ZONE = ZoneInfo(connect.TIME_ZONE)
#: What was over before any channel heard of it, or opened longer ago than this, is no news.
NEWS = timedelta(days=3)
app = typer.Typer(help="Báo động từ số liệu · Alarms from data", no_args_is_help=True)
What = Literal["opened", "closed"]
_HEADS = {"opened": ("Báo động", "Alarms"), "closed": ("Đã đóng", "Over")}


# --- messages ----------------------------------------------------------------------------------------------------------


def send(*, now: datetime | None = None, channels: Sequence[Channel] | None = None, dry_run: bool = False) -> list[dict[str, Any]]:  # fmt: skip
    """One round: what went (or, dry, would go), a row a message and channel. Raises `Fault` IOC-075 while the warehouse is busy."""
    now = now or datetime.now(UTC)
    channels = channel.configured() if channels is None else channels
    if not (channels or dry_run):
        return []
    alarms = alarm.now(now)
    with connect.intake(wait_seconds=alarm.WAIT_SECONDS) as con:
        told = alarm.rows(con, "SELECT * FROM ops.alarm_message WHERE sent_at IS NOT NULL")
    done = []
    if not channels:
        return [_shown(one, "–", None) for one, _, _ in _letters(alarms, [], now)]
    for each in channels:
        letters = _letters(alarms, [one for one in told if one["channel"] == each.name], now)
        if dry_run:
            done += [_shown(one, each.name, None) for one, _, _ in letters]
            continue
        about = {one.message_id: (what, group) for one, what, group in letters}
        for one, error in each.deliver([one for one, _, _ in letters]):
            what, group = about[one.message_id]
            line = {"message_id": one.message_id, "channel": each.name, "what": what, "tried_at": now, "sent_at": None if error else now, "error": error}  # fmt: skip
            with connect.writer("ioc alarm", wait_seconds=alarm.WAIT_SECONDS) as con:
                con.execute(connect.insert("ops.alarm_message", [line | {k: a[k] for k in ("alarm_id", "series", "opened_at")} for a in group]))  # fmt: skip
            done.append(_shown(one, each.name, error))
    return done


def _letters(alarms: Sequence[dict[str, Any]], told: Sequence[dict[str, Any]], now: datetime) -> list[tuple[Letter, What, list[dict[str, Any]]]]:  # fmt: skip
    """Level alarm only. A closing is told where the opening was."""
    groups: dict[tuple[What, str], list[dict[str, Any]]] = defaultdict(list)
    for one in alarms:
        if one["level"] != "alarm":
            continue
        said = {m["what"] for m in told if alarm.covers(one, m)}
        if not said and one["state"] in ("dang_mo", "mat_tin_hieu", "da_nhan", "len_cap") and max(one["opened_at"], one["seen_at"]) > now - NEWS:  # fmt: skip
            groups["opened", one["agency_vi"]].append(one)
        elif said == {"opened"} and one["state"] in ("da_dong", "dong_boi_nguoi"):
            groups["closed", one["agency_vi"]].append(one)
    return [(_letter(what, agency, group, now), what, group) for (what, agency), group in sorted(groups.items())]


def _letter(what: What, agency: str, group: Sequence[dict[str, Any]], now: datetime) -> Letter:
    ids = sorted(one["alarm_id"] for one in group)
    message_id = f"bao-dong-{what}-{hashlib.sha256(' '.join(ids).encode()).hexdigest()[:16]}"
    made_up = "(minh họa) " if any(one["is_made_up"] for one in group) else ""
    head_vi, head_en = _HEADS[what]
    first = group[0]["message_vi"] if len(group) == 1 else f"{len(group)} báo động, {agency}"
    body = {
        "message_id": message_id, "kind": "alarm", "what": what, "agency_vi": agency, "written_at": now, "is_made_up": bool(made_up),
        "alarms": [{k: one[k] for k in ("alarm_id", "message_vi", "level", "opened_at", "closed_at", "due_at", "procedure_vi", "state", "peak_vi", "threshold_source_vi", "is_unverified", "is_made_up")} for one in group],
    }  # fmt: skip
    table = [
        ("Lúc", "Báo động", "Việc phải làm", "Hạn")
        if what == "opened"
        else ("Lúc", "Báo động", "Xấu nhất", "Tình trạng")
    ]
    for one in group:
        unverified = " (ngưỡng chưa kiểm chứng)" if one["is_unverified"] else ""
        last = (one["procedure_vi"], one["due_vi"] or "–") if what == "opened" else (one["peak_vi"], one["state_vi"])
        table.append((one["opened_vi"], one["message_vi"] + unverified, *last))
    lead = "Số liệu minh họa, không phải số thật. " if made_up else ""
    lines = [f"{head_vi}: {agency}", "", *([lead] if lead else []), *("- " + " · ".join(row) for row in table[1:]), "", "Nhận báo động: trang trực ban, hoặc ./ioc alarm ack MÃ"]  # fmt: skip
    english = [
        f"{head_en}: {len(group)} for {agency}." + (" Made-up figures of the demo." if made_up else ""),
        "Acknowledge: ./ioc alarm ack ID",
    ]
    cells = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in table)
    return Letter(
        message_id, to="", subject=one_line(f"[IOC] {made_up}{head_vi}: {first}"), text="\n".join([*lines, "", "—", "", *english, "", message_id, ""]),
        html=f'<!doctype html><html lang="vi"><head><meta charset="utf-8"></head><body style="font:16px/1.5 system-ui,sans-serif"><h2>{escape(lines[0])}</h2>'
        f'<p>{escape(lead)}</p><table border="1" cellpadding="6" style="border-collapse:collapse">{cells}</table><hr><p lang="en">{escape(" ".join(english))}</p></body></html>',
        body=body, written_at=now.astimezone(ZONE),
    )  # fmt: skip


def _shown(one: Letter, name: str, error: str | None) -> dict[str, Any]:
    return {"message_id": one.message_id, "channel": name, "what": one.body["what"], "agency_vi": one.body["agency_vi"], "alarms": len(one.body["alarms"]), "subject": one.subject, "text": one.text, "error": error}  # fmt: skip


# --- the command line --------------------------------------------------------------------------------------------------


@app.command("list")
def listed(
    with_closed: Annotated[bool, typer.Option("--all", help="cả những báo động đã đóng · closed ones too")] = False,
) -> None:
    """Báo động đang mở, quá hạn ở trên cùng; --all: cả đã đóng và đã lên cấp."""
    found = [one for one in alarm.now() if with_closed or one["is_open"]]
    say.show(found, lambda: say.table(
        ["", t("Mã", "Id"), t("Báo động", "Alarm"), t("Cơ quan", "Agency"), t("Hạn", "Due"), t("Tình trạng", "State")],
        [[one["icon"], one["alarm_id"], one["message_vi"] + (t(" (minh họa)", " (made up)") if one["is_made_up"] else ""), one["agency_vi"],
          (one["due_vi"] or "–") + (t(" QUÁ HẠN", " OVERDUE") if one["is_overdue"] else ""), one["state_vi"]] for one in found]))  # fmt: skip


@app.command("show")
def show(alarm_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Một báo động: ngưỡng, căn cứ, việc phải làm, ai đã làm gì."""
    found = alarm.one(alarm_id)

    def human() -> None:
        say.line(f"{found['icon']} {found['message_vi']}")
        for vi, en, value in (
            ("Tình trạng", "State", found["state_vi"]), ("Xấu nhất", "Worst", f"{found['peak_vi']} · {local(found['peak_at'])}"),
            ("Căn cứ ngưỡng", "Source of the threshold", (found["threshold_source_vi"] or "–") + (t(" (chưa kiểm chứng)", " (not verified)") if found["is_unverified"] else "")),
            ("Cơ quan", "Agency", found["agency_vi"]), ("Việc phải làm", "Procedure", found["procedure_vi"]), ("Hạn", "Due", found["due_vi"]),
            ("Nhận được số đo", "Reading loaded", local(found["seen_at"])), ("Leo lên từ", "Climbed from", found["follows"]),
        ):  # fmt: skip
            if value:
                say.line(f"  {t(vi, en)}: {value}")
        for step in found["steps"]:
            say.line(f"  {local(step['taken_at'])} · {step['taken_by']} · {step['step']} · {step['why']}")

    say.show(found, human)


def _took(alarm_id: str, step: Step, by: str, why: str = "") -> None:
    found = alarm.take(alarm_id, step, by=by, why=why)
    say.show(
        found,
        lambda: say.line(
            t(f"Đã ghi. {found['alarm_id']}: {found['state_vi']}", f"Recorded. {found['alarm_id']}: {found['state']}")
        ),
    )


@app.command("ack")
def acknowledge(
    alarm_id: Annotated[str, typer.Argument(metavar="ID")],
    by: By = ME,
    why: Annotated[str, typer.Option("--why", help="ghi chú · note")] = "",
) -> None:
    """Nhận báo động: từ đây có người lo; người thứ hai được báo là đã có người nhận."""
    _took(alarm_id, "acknowledge", by, why)


@app.command("note")
def note(alarm_id: Annotated[str, typer.Argument(metavar="ID")], why: Why, by: By = ME) -> None:
    """Ghi một việc đã làm."""
    _took(alarm_id, "note", by, why)


@app.command("close")
def close(alarm_id: Annotated[str, typer.Argument(metavar="ID")], why: Why, by: By = ME) -> None:
    """Đóng trước khi số liệu về trong ngưỡng (ví dụ: trạm hỏng)."""
    _took(alarm_id, "close", by, why)


@app.command("reopen")
def reopen(alarm_id: Annotated[str, typer.Argument(metavar="ID")], why: Why, by: By = ME) -> None:
    """Mở lại báo động do người đóng."""
    _took(alarm_id, "reopen", by, why)


@app.command("hand-over")
def hand_over(alarm_id: Annotated[str, typer.Argument(metavar="ID")], why: Why, by: By = ME) -> None:
    """Bàn giao: cho ai, còn việc gì (trong --why)."""
    _took(alarm_id, "hand_over", by, why)


@app.command("send")
def sending(dry_run: Annotated[bool, typer.Option("--dry-run", help="chỉ xem tin sẽ gửi · only show")] = False) -> None:
    """Gửi tin về báo động mới và báo động đã đóng, mỗi cơ quan một tin."""
    settings.apply()
    done = send(dry_run=dry_run)

    def human() -> None:
        for one in done:
            say.line(f"{'✕' if one['error'] else '●'} {one['channel']} · {one['subject']}" + (f" · {one['error']}" if one["error"] else ""))  # fmt: skip
            if dry_run:
                say.line(one["text"])
        say.line(t(f"{len(done)} tin.", f"{len(done)} messages."))

    say.show(done, human)
    raise typer.Exit(1 if any(one["error"] for one in done) else 0)
