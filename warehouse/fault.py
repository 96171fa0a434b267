"""Named places where a test may kill the process, to prove that nothing is lost there.

`IOC_FAULT_AT=<name>:<n>` makes the n-th pass of `point(name)` end the process with SIGKILL, as a power cut would: no
`finally`, no flush. Without the variable a point costs one look into the environment.
"""

from __future__ import annotations

import os
import signal
from collections import Counter

_passes: Counter[str] = Counter()


def point(name: str) -> None:
    """Die here when `IOC_FAULT_AT` names this place and this pass (counted from 1; `name` alone means the first)."""
    wanted = os.environ.get("IOC_FAULT_AT")
    if not wanted:
        return
    place, _, nth = wanted.partition(":")
    if place != name:
        return
    _passes[name] += 1
    if _passes[name] == int(nth or 1):
        os.kill(os.getpid(), signal.SIGKILL)
