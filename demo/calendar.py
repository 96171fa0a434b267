"""Chance that is the same on every machine: a generator of random numbers for a seed and a calendar slot."""

from __future__ import annotations

import zlib
from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
SEED = 38


def chance(seed: int, *about: str | int | date) -> np.random.Generator:
    """The generator of one subject (a day, a station and an hour, …): equal arguments, equal numbers."""
    return np.random.default_rng([seed, *(zlib.crc32(str(part).encode()) for part in about)])


def local(moment: datetime) -> datetime:
    """The moment on the province's clock, without a zone, as its systems write it."""
    return moment.astimezone(ZONE).replace(tzinfo=None)
