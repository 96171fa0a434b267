"""Everything a person reads: language, tables, progress, faults. One place, so that all commands sound alike.

Results go to standard output, all else to standard error. With `--json` standard output is one JSON document.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from warehouse.connect import TIME_ZONE
from warehouse.errors import Fault


@dataclass
class Manner:
    """How this call was asked to speak."""

    lang: str = "vi"
    as_json: bool = False
    verbose: bool = False


manner = Manner()


def t(vi: str, en: str) -> str:
    """The words in the chosen language."""
    return en if manner.lang == "en" else vi


def local(moment: datetime | None) -> str:
    """`22/11 17:00` in the province's time; a dash for no time."""
    return moment.astimezone(ZoneInfo(TIME_ZONE)).strftime("%d/%m %H:%M") if moment else "–"


def number(value: object, decimals: int | None = None) -> str:
    """`1.234,5` in Vietnamese, `1,234.5` in English; a dash for no value."""
    if value is None:
        return "–"
    if not isinstance(value, int | float) or isinstance(value, bool):
        return str(value)
    text = f"{value:,.{decimals}f}" if decimals is not None else f"{value:,}"
    return text if manner.lang == "en" else text.translate(str.maketrans(",.", ".,"))


def line(text: str = "") -> None:
    if not manner.as_json:
        print(text)


def note(text: str) -> None:
    """Progress and remarks: standard error, one plain line each."""
    print(text, file=sys.stderr, flush=True)


def plain(value: object) -> object:
    """A value as JSON can hold it."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Path | BaseException):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    return str(value)


def document(body: object) -> None:
    """The one JSON document of a `--json` call."""
    print(json.dumps(body, ensure_ascii=False, indent=1, default=plain))


def show(body: object, human: Callable[[], None]) -> None:
    """The JSON document when asked for, the human form otherwise."""
    if manner.as_json:
        document(body)
    else:
        human()


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, right: Sequence[int] = ()) -> None:
    """A table as wide as the terminal; in a pipe, as wide as its words, so that nothing is cut."""
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    out = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for index, name in enumerate(columns):
        out.add_column(name, justify="right" if index in right else "left", overflow="fold")
    for row in rows:
        out.add_row(*(escape("–" if cell is None else str(cell)) for cell in row))
    Console(width=None if sys.stdout.isatty() else 240, highlight=False).print(out)


class Stages:
    """Progress of something long: on a terminal one line that is rewritten, in a pipe one plain line a stage."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self._is_terminal = sys.stderr.isatty()

    def __call__(self, text: str) -> None:
        stamp = f"{time.monotonic() - self.started:6.1f}s  "
        if self._is_terminal:
            print(f"\r\033[K{stamp}{text[:150]}", end="", file=sys.stderr, flush=True)
        else:
            note(stamp + text)

    def done(self, text: str) -> None:
        if self._is_terminal:
            print("\r\033[K", end="", file=sys.stderr)
        note(f"{time.monotonic() - self.started:6.1f}s  {text}")


def still_safe() -> str:
    """What boards show now: a failure of ours does not take it away."""
    from warehouse import publish

    try:
        served = publish.current()
    except Exception:
        return ""
    if served is None:
        return t("Chưa có bản công bố nào.", "Nothing is published yet.")
    at = local(served.created_at)
    return t(f"Bảng điều hành vẫn giữ số liệu {at}.", f"Boards still show the numbers of {at}.")


def fault(error: Fault) -> None:
    """What failed, why, what is still safe, the command that mends it, the code for `ioc explain`."""
    body = {
        "code": error.code,
        "what_vi": error.what_vi,
        "what_en": error.what_en,
        "why": error.why,
        "fix": error.fix,
        "exit_code": error.exit_code,
        "details": error.details,
    }
    if manner.as_json:
        document({"error": body})
    safe = still_safe()
    note(f"{t('LỖI', 'ERROR')} {error.code} · {t(error.what_vi, error.what_en)}")
    if manner.lang == "vi" and error.what_en:
        note(f"  {error.what_en}")
    for label, text in ((t("Vì", "Why"), error.why), (t("An toàn", "Safe"), safe), (t("Sửa", "Fix"), error.fix)):
        if text:
            note(f"  {label}: {text}")
    note(f"  {t('Giải thích', 'Explain')}: ./ioc explain {error.code}")
