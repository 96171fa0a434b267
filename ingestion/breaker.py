"""When not to ask a source: after refused credentials, and while it keeps failing. And how many may ask a server at once.

The breaker has no state of its own: it is open or closed by what `ops.pull` says. Two refused logins in a row are
enough: a third could lock the account. Then one login an hour is tried, or the next pull after the declaration or its
secret was changed. A source that was down or silent five times in a row is asked again after a pause that doubles with
each further failure, an hour at most.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb

from ingestion.connectors import resolve
from ingestion.model import Source, minutes
from warehouse import connect
from warehouse.connect import bind
from warehouse.errors import Fault

#: code → failures in a row after which the source is left alone.
ALLOWED = {"IOC-202": 2, "IOC-201": 5, "IOC-203": 5}
LONGEST = timedelta(hours=1)
#: What one source holds of its server while it is pulled.
_CONNECTIONS_A_SOURCE = 2


@dataclass(frozen=True)
class Open:
    """A source that is not asked before `until`, with the failure that opened the breaker."""

    until: datetime
    code: str
    reason_vi: str
    reason_en: str


def opened(con: duckdb.DuckDBPyConnection, source: Source, declaration: Path, now: datetime) -> Open | None:
    """The breaker of a source, or None when it may be asked."""
    rows = con.execute(
        bind(
            f"""SELECT status, code, reason_vi, reason_en, finished_at FROM ops.pull
            WHERE source_id = ? AND tries > 0 ORDER BY finished_at DESC LIMIT {max(ALLOWED.values()) + 6}""",
            source.id,
        )
    ).fetchall()
    if not rows or rows[0][0] != "failed" or rows[0][1] not in ALLOWED:
        return None
    _, code, vi, en, last = rows[0]
    alike = {code} if code == "IOC-202" else set(ALLOWED) - {"IOC-202"}
    failures = next((n for n, row in enumerate(rows) if row[1] not in alike), len(rows))
    if failures < ALLOWED[code] or _changed_at(source, declaration) > last:
        return None
    pause = LONGEST
    if code != "IOC-202":
        doubled = timedelta(minutes=minutes(source.cadence.every)) * 2 ** (failures - ALLOWED[code] + 1)
        pause = min(doubled, LONGEST)
    return Open(last + pause, code, vi, en) if now < last + pause else None


def _changed_at(source: Source, declaration: Path) -> datetime:
    """When the declaration or a secret that it names was last written."""
    secrets = [connect.home() / "secrets" / name for name in _secrets(source.connector.arguments)]
    times = [path.stat().st_mtime for path in (declaration, *secrets) if path.exists()]
    return datetime.fromtimestamp(max(times, default=0), UTC)


def _secrets(value: Any) -> list[str]:
    if isinstance(value, list):
        return [name for part in value for name in _secrets(part)]
    if not isinstance(value, dict):
        return []
    return [value["secret"]] if set(value) == {"secret"} else _secrets(list(value.values()))


@contextlib.contextmanager
def within_budget(source: Source, *, wait_seconds: float) -> Iterator[None]:
    """Hold one of the places that a server grants, in this process and all others of this IOC_HOME.

    Sources of one kind, host and port share `connection_budget` / 2 places, because one that is being pulled holds up to
    two connections. A place is a lock file and dies with its process. Raises `Fault` IOC-075 when none becomes free.
    """
    server = _server(source)
    if server is None:
        yield
        return
    folder = connect.home() / "landing" / ".servers"
    folder.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(server.encode()).hexdigest()[:16]
    places = [folder / f"{name}.{n}" for n in range(source.connector.connection_budget // _CONNECTIONS_A_SOURCE)]
    deadline = time.monotonic() + wait_seconds
    while True:
        for place in places:
            handle = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(handle)
                continue
            try:
                yield
                return
            finally:
                os.close(handle)
        if time.monotonic() >= deadline:
            raise Fault(
                "IOC-075",
                f"Máy chủ của nguồn {source.id} đang phục vụ đủ {len(places)} nguồn khác.",
                f"The server of source {source.id} is already serving {len(places)} other sources.",
                why="all places of its connection_budget are taken",
                fix="./ioc status",
                exit_code=75,
            )
        time.sleep(0.05)


def _server(source: Source) -> str | None:
    """Kind, host and port as they resolve here; None for a source without a server, or one whose address is not set."""
    try:
        arguments = resolve({k: v for k, v in source.connector.arguments.items() if k in ("host", "port", "base_url")})
    except KeyError:
        return None
    address = arguments.get("host") or urlsplit(arguments.get("base_url", "")).netloc
    return f"{source.connector.kind} {address}:{arguments.get('port', '')}" if address else None
