"""The one error that every room raises towards a person.

A `Fault` says what failed and for whom, why, what is still safe and the exact next command, in Vietnamese and English,
under a stable code that `ioc explain` knows offline. Everything else that is raised is a bug and shows its traceback.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Fault(Exception):
    """A failure that a person can act on.

    `code` is `IOC-NNN` (listed in `ops/codes.py`); `what_*` one line with the subject's name; `why` the cause in words;
    `fix` the exact command or edit that mends it; `exit_code` as in the command-line contract (1 failed, 2 wrong usage,
    3 published with late sources, 4 gate refused, 75 busy).
    """

    code: str
    what_vi: str
    what_en: str
    why: str = ""
    fix: str = ""
    exit_code: int = 1
    details: dict[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.code} · {self.what_en}" + (f": {self.why}" if self.why else "")
