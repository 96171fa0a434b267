"""Secrets of the services: strong, generated once, one file each (0600) in `secrets/` (0700); never in a log or argument."""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
from pathlib import Path

from warehouse import connect


def folder() -> Path:
    path = connect.home() / "secrets"
    path.mkdir(mode=0o700, exist_ok=True)
    path.chmod(0o700)
    return path


def path(name: str) -> Path:
    """The file of a secret, made with 256 random bits when it is not there. Two processes at once agree on one."""
    file = folder() / name
    if not file.exists():
        write(file, secrets.token_urlsafe(32), replace=False)
    return file


def read(name: str) -> str:
    return path(name).read_text(encoding="utf-8").strip()


def given(name: str) -> str | None:
    """A secret that somebody else made, from the environment or its file; None when there is none. Never generated."""
    file = folder() / name
    return os.environ.get(name) or (file.read_text(encoding="utf-8").strip() if file.exists() else None)


def fernet() -> Path:
    """Airflow's key for its own database: 32 bytes in URL-safe base64."""
    file = folder() / "AIRFLOW_FERNET_KEY"
    if not file.exists():
        write(file, base64.urlsafe_b64encode(os.urandom(32)).decode(), replace=False)
    return file


def write(file: Path, text: str, *, replace: bool = True) -> None:
    """A private file that appears complete or not at all. Without `replace` the first writer wins."""
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(handle, text.encode())
        os.fsync(handle)
    finally:
        os.close(handle)
    if replace:
        fresh.replace(file)
        return
    with contextlib.suppress(FileExistsError):
        os.link(fresh, file)
    fresh.unlink()


def weak() -> list[str]:
    """Secrets that others may read, or that are too short: names and reasons."""
    found: list[str] = []
    for file in sorted(folder().iterdir()):
        if file.stat().st_mode & 0o077:
            found.append(f"{file.name}: chmod 600")
        if file.stat().st_size < 16:
            found.append(f"{file.name}: < 16")
    return found
