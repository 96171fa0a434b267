"""How Superset is started: gunicorn with threads on loopback."""

from __future__ import annotations

import os
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def environment() -> dict[str, str]:
    """What every Superset process needs beside the caller's environment."""
    return {
        "SUPERSET_CONFIG_PATH": str(ROOT / "boards" / "superset_config.py"),
        "SUPERSET_ENV": "production",
        "FLASK_APP": "superset.app:create_app()",
        "PYTHONPATH": str(ROOT),
        "TZ": "Asia/Ho_Chi_Minh",
        "SCARF_ANALYTICS": "false",
    }


def command(port: int, *, bind: str = "127.0.0.1", python: Path | None = None) -> tuple[list[str], dict[str, str]]:
    """(argv, environment) of the server; `python` is that of `.venv-boards`."""
    program = python or ROOT / ".venv-boards" / "bin" / "python"
    argv = [
        str(program), "-m", "gunicorn", "--bind", f"{bind}:{port}", "--workers", os.environ.get("IOC_BOARD_WORKERS", "1"), "--worker-class", "gthread",
        "--threads", "12", "--timeout", "120", "--graceful-timeout", "10", "--limit-request-line", "0", "--limit-request-field_size", "0", "superset.app:create_app()",
    ]  # fmt: skip
    return argv, environment()


def health(url: str, *, seconds: float = 3.0) -> bool:
    """Whether Superset answers at `url`."""
    try:
        with urllib.request.urlopen(f"{url.rstrip('/')}/health", timeout=seconds) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
