"""Keys and passwords of the boards, one file each under `<IOC_HOME>/secrets`, generated strong, never printed.

Only the standard library: Superset's own environment imports this.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: A key shorter than this, or one of the known defaults, is refused.
SHORTEST = 32
_KNOWN_BAD = ("changeme", "change_me", "secret", "superset", "admin", "password", "thisismy")


def home() -> Path:
    return Path(os.environ.get("IOC_HOME") or ROOT / "var").resolve()


def make(name: str, length: int = 48) -> str:
    """The secret of that name: the environment's, the file's, or a fresh strong one written to the file (0600)."""
    if os.environ.get(name):
        return os.environ[name]
    path = home() / "secrets" / name
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        os.write(handle, secrets.token_urlsafe(length).encode())
        os.close(handle)
    return path.read_text(encoding="utf-8").strip()


def key(name: str) -> str:
    """A signing key that exists and is strong. Raises SystemExit naming the file otherwise: Superset must not start."""
    text = os.environ.get(name, "")
    path = home() / "secrets" / name
    if not text and path.exists():
        text = path.read_text(encoding="utf-8").strip()
    if len(text) < SHORTEST or any(bad in text.lower() for bad in _KNOWN_BAD) or len(set(text)) < 10:
        raise SystemExit(
            f"LỖI IOC-501 · Khóa {name} thiếu hoặc yếu; Superset không khởi động.\n"
            f"The key {name} is missing or weak; Superset does not start. Fix: rm -f {path} && ./ioc up"
        )
    return text


def database_path() -> Path:
    """The served build right now: the link resolved, so that one connection reads one build."""
    return (home() / "serving" / "current" / "marts.duckdb").resolve()
