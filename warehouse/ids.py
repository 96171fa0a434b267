"""Identifiers of runs, extracts and builds: they sort by time, also across processes of one machine."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime


def new_id(now: datetime | None = None) -> str:
    """`YYYYMMDDTHHMMSSffffff-xxxx` in UTC."""
    moment = (now or datetime.now(UTC)).astimezone(UTC)
    return f"{moment:%Y%m%dT%H%M%S%f}-{secrets.token_hex(2)}"
