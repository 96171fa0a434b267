"""Processes that `up` starts: remembered in `state/services.json`, known again by pid and start time, ended by `down`."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from ops import settings
from warehouse import connect
from warehouse.errors import Fault

#: Variables by which a service of ours behaves differently; addresses of the province count too.
_READ = ("IOC_", "SUPERSET_", "AIRFLOW_", "FLASK_", "TZ")


def _file() -> Path:
    folder = connect.home() / "state"
    folder.mkdir(exist_ok=True)
    return folder / "services.json"


def known() -> dict[str, dict[str, Any]]:
    try:
        found: dict[str, dict[str, Any]] = json.loads(_file().read_text(encoding="utf-8"))
        return found
    except (FileNotFoundError, json.JSONDecodeError):
        return {}


def _save(body: dict[str, dict[str, Any]]) -> None:
    fresh = _file().with_suffix(".new")
    fresh.write_text(json.dumps(body, indent=1), encoding="utf-8")
    fresh.replace(_file())


def process(name: str) -> psutil.Process | None:
    """The running process of that name that we started, never another one that got its pid."""
    record = known().get(name)
    if not record:
        return None
    with contextlib.suppress(psutil.Error):
        found = psutil.Process(record["pid"])
        if abs(found.create_time() - record["started"]) < 2 and found.status() != psutil.STATUS_ZOMBIE:
            return found
    return None


def table() -> list[dict[str, Any]]:
    """One row a service that was started and not stopped."""
    return [
        {"name": name, "pid": record["pid"], "port": record.get("port"), "url": record.get("url"), "is_running": process(name) is not None}
        for name, record in known().items()
    ]  # fmt: skip


def free_port(wanted: int, ours: str | None = None) -> int:
    """The wanted port on loopback when it is free or our own service has it, else a free one."""
    record = known().get(ours or "")
    if record and record.get("port") and process(ours or ""):
        return int(record["port"])
    for port in (wanted, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise Fault("IOC-012", "Không còn cổng trống trên máy.", "No free port on loopback.", fix="./ioc doctor")


def start(
    name: str, argv: Sequence[str], env: Mapping[str, str], *, port: int | None = None, url: str | None = None
) -> None:
    """Start a service unless it runs with the same command and environment; one that differs is started anew."""
    # Another terminal's variables (SSH, display, …) are no reason to start anew: only what the service reads is compared.
    read = {k: v for k, v in env.items() if k.startswith(_READ) or k in settings.addresses()}
    shape = hashlib.sha256(json.dumps([list(argv), sorted(read.items())]).encode()).hexdigest()
    record = known().get(name)
    if record and process(name):
        if record["shape"] == shape:
            return
        stop([name])
    logs = connect.home() / "logs"
    logs.mkdir(exist_ok=True)
    with (logs / f"{name}.log").open("ab") as log:
        child = subprocess.Popen(
            list(argv), env=dict(env), cwd=connect.ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )  # fmt: skip
    body = known()
    started = psutil.Process(child.pid).create_time()
    body[name] = {"pid": child.pid, "started": started, "port": port, "url": url, "shape": shape}
    _save(body)


def stop(names: Sequence[str] | None = None, *, seconds: float = 20.0) -> list[str]:
    """End services (all without a choice) with their children: TERM, then KILL what stays. Returns the names."""
    body = known()
    ended: list[str] = []
    doomed: list[psutil.Process] = []
    for name in list(names if names is not None else reversed(body)):
        found = process(name)
        if found:
            with contextlib.suppress(psutil.Error):
                doomed += [found, *found.children(recursive=True)]
                found.send_signal(signal.SIGTERM)
            ended.append(name)
        body.pop(name, None)
    _, alive = psutil.wait_procs(doomed, timeout=seconds)
    for one in alive:
        with contextlib.suppress(psutil.Error):
            one.kill()
    psutil.wait_procs(alive, timeout=5)
    _save(body)
    return ended


def log_path(name: str) -> Path:
    return connect.home() / "logs" / f"{name}.log"


def base_environment() -> dict[str, str]:
    """The environment of every service: ours, with UTF-8 and without another's virtual environment."""
    dropped = {"VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "OLDPWD", "PWD", "_", "SHLVL", "COLUMNS", "LINES", "TERM"}
    env = {k: v for k, v in os.environ.items() if k not in dropped}
    return env | {"PYTHONUTF8": "1", "PYTHONNOUSERSITE": "1", "IOC_HOME": str(connect.home())}
