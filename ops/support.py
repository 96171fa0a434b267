"""`ioc support-bundle`: one file to send to whoever helps, with what they need and nothing that they may not see.

State, checks, ledger and the ends of the logs; no row of any table, no secret. Every secret's text is masked wherever it
occurs, and rows in the quarantine are counted, not shown.
"""

from __future__ import annotations

import json
import os
import platform
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from ingestion import ledger
from ops import doctor, secrets, status
from warehouse import connect

LOG_BYTES = 200_000
MASK = "•••"


def bundle(target: Path) -> dict[str, Any]:
    """Write the zip (0600) and say what is in it. A part that cannot be had is replaced by the reason."""
    hidden = _secret_texts()
    parts = {
        "about.json": _about,
        "doctor.json": lambda: [check.__dict__ for check in doctor.examine()],
        "status.json": status.gather,
        "ledger.json": _ledger,
    }
    names = []
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in [*((n, _json(ask)) for n, ask in parts.items()), *_logs(), *_declarations()]:
            archive.writestr(name, _masked(text, hidden))
            names.append(name)
    return {"path": target, "parts": names, "bytes": target.stat().st_size}


def _json(ask: Callable[[], Any]) -> str:
    try:
        body = ask()
    except Exception as error:
        body = {"error": f"{type(error).__name__}: {error}"}
    return json.dumps(body, ensure_ascii=False, indent=1, default=str)


def _about() -> dict[str, Any]:
    return {
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.release()} {platform.machine()}, {os.cpu_count()} CPU",
        "settings": sorted(name for name in os.environ if name.startswith(("IOC_", "AIRFLOW", "SUPERSET"))),
        "packages": {d.metadata["Name"]: d.version for d in metadata.distributions()},
    }


def _ledger() -> dict[str, Any]:
    known = status.gather()["sources"]
    return {one["source_id"]: ledger.extracts(one["source_id"], limit=20) for one in known}


def _logs() -> Iterator[tuple[str, str]]:
    for path in sorted((connect.home() / "logs").glob("*.log")):
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - LOG_BYTES))
            yield f"logs/{path.name}", file.read().decode(errors="replace")


def _declarations() -> Iterator[tuple[str, str]]:
    from ingestion.registry import SOURCES

    for path in sorted(SOURCES.rglob("*.yml")):
        yield f"sources/{path.name}", path.read_text(encoding="utf-8")


def _secret_texts() -> list[str]:
    """Longest first, so that a secret within another is not half shown."""
    found = {path.read_text(errors="replace").strip() for path in secrets.folder().rglob("*") if path.is_file()}
    found |= {v for k, v in os.environ.items() if any(w in k for w in ("PASSWORD", "SECRET", "TOKEN", "KEY"))}
    return sorted((text for text in found if len(text) >= 6), key=len, reverse=True)


def _masked(text: str, hidden: list[str]) -> str:
    for one in hidden:
        text = text.replace(one, MASK)
    return text
