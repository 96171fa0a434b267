"""The words of a message about a source: what, since when, whose, what is still safe, what to do. Vietnamese, then English.

Built from declarations, rule texts, codes, counts and times; values of rows and words of servers never come in here.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field
from datetime import datetime
from html import escape
from typing import Any, Literal
from zoneinfo import ZoneInfo

from warehouse.connect import TIME_ZONE

What = Literal["opened", "worse", "reminder", "closed", "test"]
_HEADS: dict[str, tuple[str, str]] = {
    "opened": ("Cần xem", "Needs a look"),
    "worse": ("Nặng thêm", "Worse"),
    "reminder": ("Nhắc lại", "Reminder"),
    "closed": ("Ổn trở lại", "Well again"),
    "test": ("Thử kênh báo", "Test message"),
}
_SAFE = (
    "Số đã công bố không đổi, mỗi thẻ ghi rõ tuổi của số; nguồn khác vẫn được kéo và công bố.",
    "Published numbers stand, every card says how old it is; other sources are still pulled and published.",
)
_SAFE_STOPPED = (
    "Chưa số nào không đạt kiểm tra được công bố: bảng điều hành giữ bản tốt gần nhất.",
    "Nothing that failed its checks was published: boards keep the last good build.",
)


@dataclass(frozen=True)
class Reason:
    """One broken promise of a source. `fix` is the command to begin with."""

    kind: Literal["late", "cutoff", "slots", "stop", "held"]
    since: datetime
    vi: str
    en: str
    fix: str


@dataclass(frozen=True)
class Subject:
    """A source as its messages name it. `contact` is used as an address only where it is one."""

    source_id: str
    title_vi: str
    title_en: str
    tier: int
    owner: str = ""
    contact: str = ""
    is_made_up: bool = False


@dataclass(frozen=True)
class Letter:
    """One message, the same for every channel. `message_id` stays the same when it is sent again."""

    message_id: str
    to: str
    subject: str
    text: str
    html: str
    body: dict[str, Any] = field(repr=False)
    written_at: datetime


def write(
    message_id: str,
    what: What,
    about: Subject,
    reasons: tuple[Reason, ...],
    *,
    opened_at: datetime,
    now: datetime,
    closed_at: datetime | None = None,
) -> Letter:
    head_vi, head_en = _HEADS[what]
    stopped = any(reason.kind == "stop" for reason in reasons)
    safe_vi, safe_en = _SAFE_STOPPED if stopped else _SAFE
    fixes = [] if closed_at else list(dict.fromkeys(reason.fix for reason in reasons))
    since = min((reason.since for reason in reasons), default=opened_at)
    page = os.environ.get("IOC_ALERT_PAGE", "").rstrip("/")
    if page and about.owner:
        page += f"/nguon/{about.source_id}"
    vi = _part(f"{head_vi}: {about.title_vi} ({about.source_id}), bậc {about.tier}", [
        *(["Số liệu minh họa, không phải số thật."] if about.is_made_up else []),
        *(_times("Từ {} đến {}.", since, closed_at) if closed_at else [f"Từ: {_local(since)}"]),
        *(f"- {reason.vi}" for reason in reasons),
        *([f"Đầu mối: {about.owner}"] if about.owner else []),
        *([] if closed_at else [f"Vẫn an toàn: {safe_vi}", *(f"Làm tiếp: {one}" for one in fixes)]),
        *([f"Trang: {page}"] if page else []),
    ])  # fmt: skip
    en = _part(f"{head_en}: {about.title_en} ({about.source_id}), tier {about.tier}", [
        *(["Made-up numbers of the demo."] if about.is_made_up else []),
        *(_times("From {} to {}.", since, closed_at) if closed_at else [f"Since: {_local(since)}"]),
        *(f"- {reason.en}" for reason in reasons),
        *([f"Owner: {about.owner}"] if about.owner else []),
        *([] if closed_at else [f"Still safe: {safe_en}", *(f"Next: {one}" for one in fixes)]),
        *([f"Page: {page}"] if page else []),
    ])  # fmt: skip
    body = {
        "message_id": message_id, "what": what, "source_id": about.source_id, "title_vi": about.title_vi, "title_en": about.title_en,
        "tier": about.tier, "owner": about.owner, "is_made_up": about.is_made_up, "since": since, "opened_at": opened_at, "closed_at": closed_at, "written_at": now,
        "reasons": [asdict(reason) for reason in reasons], "still_safe_vi": safe_vi, "still_safe_en": safe_en, "next": fixes, "page": page or None,
    }  # fmt: skip
    mark = "(minh họa) " if about.is_made_up else ""
    return Letter(
        message_id,
        # A made-up source may carry the name of a real office, which has asked for nothing.
        to="" if about.is_made_up else about.contact.strip(),
        subject=one_line(f"[IOC] {mark}{head_vi}: {about.title_vi}"),
        text="\n".join([*vi, "", "—", "", *en, "", message_id, ""]),
        html=_html(vi, en, message_id),
        body=body,
        written_at=now.astimezone(ZoneInfo(TIME_ZONE)),
    )


def one_line(text: str) -> str:
    """Without line ends or other control characters, at most 200 signs: safe as a header."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:200]


def _local(moment: datetime) -> str:
    return f"{moment.astimezone(ZoneInfo(TIME_ZONE)):%H:%M %d/%m/%Y}"


def _times(words: str, *moments: datetime) -> list[str]:
    return [words.format(*map(_local, moments))]


def _part(head: str, lines: list[str]) -> list[str]:
    return [one_line(head), "", *(" ".join(line.split()) for line in lines)]


def _html(vi: list[str], en: list[str], message_id: str) -> str:
    return f"""<!doctype html>
<html lang="vi"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"></head>
<body style="font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:0 auto;padding:1rem">
{_block(vi, "vi")}<hr>{_block(en, "en")}
<p><small>{escape(message_id)}</small></p></body></html>
"""


def _block(lines: list[str], lang: str) -> str:
    head, *rest = [line for line in lines if line]
    items = "".join(f"<li>{escape(line[2:])}</li>" for line in rest if line.startswith("- "))
    before = "".join(f"<p>{escape(line)}</p>" for line in rest if not line.startswith("- "))
    return f'<section lang="{lang}"><h2 style="font-size:1.1rem">{escape(head)}</h2><ul>{items}</ul>{before}</section>'
