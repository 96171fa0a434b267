"""What the pages ask of one build. A page opens one connection, so it never mixes two builds."""

from __future__ import annotations

import contextlib
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from boards import access

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Ask = Callable[..., list[dict[str, Any]]]

PROVINCE = "38"
CLOCK = ZoneInfo("Asia/Ho_Chi_Minh")


class NotKeptError(LookupError):
    """No build is kept that answers the question."""


@dataclass(frozen=True)
class Build:
    """The file to read and, in a replay, the moment that ages count from (None: the clock's)."""

    path: Path
    now: datetime | None

    @property
    def build_id(self) -> str:
        return self.path.parent.name

    @property
    def now_vi(self) -> str:
        return f"{self.now:%H:%M %d/%m/%Y}" if self.now else ""


def served_build(build_id: str = "", moment: str = "") -> Build:
    """The served build; or the kept build of that id; or the newest not newer than `moment` (ISO, province time).

    Raises `NotKeptError` when there is none. The one place where a replay chooses what a page reads.
    """
    if not (build_id or moment):
        return Build(access.database_path(), None)
    from warehouse import publish

    try:
        now = datetime.fromisoformat(moment) if moment else None
    except ValueError as error:
        raise NotKeptError(moment) from error
    if now and not now.tzinfo:
        now = now.replace(tzinfo=CLOCK)
    for kept in sorted(publish.builds(), key=lambda b: b.created_at, reverse=True):
        if kept.build_id == build_id or (not build_id and now and kept.created_at <= now):
            return Build(kept.path, (now or kept.created_at).astimezone(CLOCK))
    raise NotKeptError(build_id or moment)


@contextlib.contextmanager
def asked(build: Build) -> Iterator[Ask]:
    """A function that runs one question on the build and gives its rows by name.

    Opened as Superset opens it, not by `warehouse.connect.served`: DuckDB refuses a second configuration of a file that
    the process already has open, and a page would then break a board, or a board the page.
    """
    from flask import current_app
    from sqlalchemy import create_engine, text
    from sqlalchemy.exc import ProgrammingError
    from sqlalchemy.pool import NullPool

    engine = create_engine(
        f"duckdb:///{build.path}", connect_args=deepcopy(current_app.config["SANDBOX"]), poolclass=NullPool
    )
    with engine.connect() as con:
        if build.now:
            # A variable takes no bound value; isoformat of a datetime holds no quote.
            con.execute(text(f"SET VARIABLE ioc_now = TIMESTAMPTZ '{build.now.isoformat()}'".replace(":", "\\:")))

        def ask(sql: str, **values: Any) -> list[dict[str, Any]]:
            return [dict(row) for row in con.execute(text(sql), values).mappings()]

        try:
            yield ask
        except ProgrammingError as error:
            if build.now:  # a kept build older than the relations this page asks for
                raise NotKeptError(build.build_id) from error
            raise


def _has(ask: Ask, table: str) -> bool:
    """Whether the build, which may be an old one, has that relation of `mart`."""
    return bool(
        ask("SELECT 1 FROM information_schema.tables WHERE table_schema = 'mart' AND table_name = :table", table=table)
    )


def area(ask: Ask, code: str) -> dict[str, Any]:
    """The commune of that code, else the province."""
    found = ask(
        "SELECT area_code, area_name FROM mart.dim_area WHERE is_current AND area_code IN (:code, :province) ORDER BY area_code = :code DESC LIMIT 1",
        code=code,
        province=PROVINCE,
    )
    return found[0] if found else {"area_code": PROVINCE, "area_name": "Tỉnh Thanh Hóa"}


def leader(ask: Ask, area: dict[str, Any], *, is_limited: bool) -> dict[str, Any]:
    """All that the leader page shows of one area: at most six questions."""
    cards = ask(
        """SELECT indicator_code, sector, title_vi, title_en, unit, value_vi, period_vi, target_vi, delta_vi, status, status_vi,
            status_en, status_icon, reason_vi, since_vi, acts_who_vi, acts_procedure_vi, acts_within_vi, owner_vi, age_vi,
            is_stale, is_held, held_vi, is_made_up, is_unverified
        FROM mart.card_now WHERE area_code = :code ORDER BY status_order, home_order NULLS LAST, tier, indicator_code""",
        code=area["area_code"],
    )
    is_province = area["area_code"] == PROVINCE
    rest: dict[str, list[dict[str, Any]]] = {}
    for card in cards:
        if card["status"] not in ("khong_dat", "chu_y"):
            rest.setdefault(card["sector"], []).append(card)
    return {
        "area": area,
        "areas": []
        if is_limited
        else ask(
            "SELECT area_code, area_name FROM mart.dim_area WHERE is_current AND level = 'commune' ORDER BY area_name"
        ),
        "urgent": [card for card in cards if card["status"] in ("khong_dat", "chu_y")],
        "rest": rest,
        "n_cards": len(cards),
        "state": ask("SELECT * FROM mart.province_status")[0],
        "is_province": is_province,
        "late": ask(
            "SELECT title_vi, owner_vi, state_vi, state_icon, age_vi, reason_vi FROM mart.source_now WHERE state <> 'dung_hen' ORDER BY state_order, title_vi"
        ),
        "alarms": _alarms(ask) if is_province else [],
    }


def _alarms(ask: Ask) -> list[dict[str, Any]]:
    """Alarms open now; none where the build is older than the alarms."""
    if not _has(ask, "alarm_now"):
        return []
    return ask(
        "SELECT icon, level_vi, title_vi, object_vi, opened_vi, state_vi, agency_vi, due_vi, is_overdue FROM mart.alarm_now"
    )
