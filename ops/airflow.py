"""Airflow on this machine: its environment, its three components, and the few questions `up` asks its API."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from ops import secrets, services
from warehouse import connect
from warehouse.errors import Fault
from warehouse.ids import new_id

USER = "dieu_hanh"
BUILD = "build_and_publish"
WATCH = "watch_promises"
COMPONENTS = {
    "airflow-api": ["api-server"],
    "airflow-dag-processor": ["dag-processor"],
    "airflow-scheduler": ["scheduler", "--skip-serve-logs"],
}
#: One slot for what writes builds; pulls queue for the lock by themselves, so two may extract at a time.
#: Alerts wait for neither.
POOLS = {"warehouse": 1, "sources": 2, "alerts": 1}
_PRELOAD = '''"""Written by `ioc up`. The scheduler's workers are forked: what is imported here they need not import again."""

import sys

if "scheduler" in sys.argv:
    import dbt.adapters.duckdb
    import dbt.cli.main
    import ingestion.pull
    import warehouse.build
'''


def password_file() -> Path:
    return secrets.folder() / "AIRFLOW_PASSWORDS.json"


def environment(port: int) -> dict[str, str]:
    """Settings as environment variables; secrets are named by the command that reads their file, never written here."""
    home = connect.home() / "airflow"
    (home / "config").mkdir(parents=True, exist_ok=True)
    (home / "config" / "airflow_local_settings.py").write_text(_PRELOAD, encoding="utf-8")
    if not password_file().exists():
        secrets.write(password_file(), json.dumps({USER: secrets.read("AIRFLOW_PASSWORD")}))
    url = f"http://127.0.0.1:{port}"
    settings = {
        "CORE__DAGS_FOLDER": connect.ROOT / "dags",
        "CORE__LOAD_EXAMPLES": False,
        "CORE__EXECUTOR": "LocalExecutor",
        "CORE__PARALLELISM": 4,
        "CORE__DEFAULT_TIMEZONE": connect.TIME_ZONE,
        "CORE__FERNET_KEY_CMD": f"cat {secrets.fernet()}",
        "CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
        "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": password_file(),
        "CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        # SQLite gives up after five seconds by itself; with thirty sources starting at once that ended the scheduler.
        "DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db?timeout=60",
        "API__HOST": "127.0.0.1",
        "API__PORT": port,
        "API__BASE_URL": url,
        "API__WORKERS": 1,
        "API__SECRET_KEY_CMD": f"cat {secrets.path('AIRFLOW_SECRET_KEY')}",
        "API_AUTH__JWT_SECRET_CMD": f"cat {secrets.path('AIRFLOW_JWT_SECRET')}",
        "LOGGING__BASE_LOG_FOLDER": home / "logs",
        "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": 60,
        "USAGE_DATA_COLLECTION__ENABLED": False,
    }
    env = services.base_environment() | {f"AIRFLOW__{name}": str(value) for name, value in settings.items()}
    binaries = Path(sys.executable).parent
    return env | {
        "AIRFLOW_HOME": str(home),
        "PYTHONPATH": str(connect.ROOT),
        "PATH": f"{binaries}:{env.get('PATH', '')}",
    }


def migrate(env: dict[str, str]) -> None:
    """Make or upgrade the metadata; skipped when this version of Airflow did it already. Raises `Fault` IOC-010."""
    from importlib.metadata import version

    stamp = Path(env["AIRFLOW_HOME"]) / "migrated"
    if stamp.exists() and stamp.read_text() == version("apache-airflow"):
        return
    log = services.log_path("airflow-migrate")
    log.parent.mkdir(exist_ok=True)
    with log.open("wb") as out:
        done = subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], env=env, stdout=out, stderr=out)
    if done.returncode:
        raise not_up("airflow-migrate", "airflow db migrate")
    with contextlib.closing(sqlite3.connect(Path(env["AIRFLOW_HOME"]) / "airflow.db")) as con:
        con.execute("PRAGMA journal_mode = WAL")  # kept in the file: who reads does not stop who writes
    stamp.write_text(version("apache-airflow"))


def start(env: dict[str, str], port: int) -> None:
    for name, arguments in COMPONENTS.items():
        url = f"http://127.0.0.1:{port}" if name == "airflow-api" else None
        services.start(name, [sys.executable, "-m", "airflow", *arguments], env, port=port if url else None, url=url)


def not_up(name: str, what: str) -> Fault:
    """`Fault` IOC-010 with the end of the service's log."""
    log = services.log_path(name)
    tail = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-5:] if log.exists() else []
    return Fault(
        "IOC-010", f"{what} không lên.", f"{what} did not start.", why="\n".join(tail), fix=f"./ioc logs {name}"
    )


def _is_passing(error: BaseException) -> bool:
    return isinstance(error, httpx.TransportError) or (
        isinstance(error, httpx.HTTPStatusError) and error.response.status_code >= 500
    )


class Api:
    """Airflow's REST API as our own user. `revive` starts the components that do not run."""

    def __init__(self, port: int, revive: Callable[[], None]) -> None:
        self.revive = revive
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False)

    def wait(self, seconds: float) -> None:
        """Until API server, scheduler and DAG processor are healthy. Raises `Fault` IOC-010 naming the one that is not."""
        deadline = time.monotonic() + seconds
        bad = "airflow-api"
        while time.monotonic() < deadline:
            try:
                health = self.client.get("/api/v2/monitor/health").json()
                parts = {"airflow-scheduler": health["scheduler"], "airflow-dag-processor": health["dag_processor"]}
                bad = next((name for name, part in parts.items() if part["status"] != "healthy"), "")
                if not bad:
                    self._log_in()
                    return
            except (httpx.TransportError, KeyError, ValueError):
                pass
            dead = next((name for name in COMPONENTS if services.process(name) is None), None)
            if dead:
                raise not_up(dead, dead)
            time.sleep(0.5)
        raise not_up(bad, bad)

    def _log_in(self) -> None:
        body = {"username": USER, "password": secrets.read("AIRFLOW_PASSWORD")}
        answer = self.client.post("/auth/token", json=body)
        answer.raise_for_status()
        self.client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def _ask(self, method: str, path: str, **arguments: Any) -> Any:
        """Airflow's own SQLite is locked for moments while everything starts: a 5xx answer is asked for again."""
        tries = Retrying(
            retry=retry_if_exception(_is_passing),
            stop=stop_after_attempt(8),
            wait=wait_random_exponential(0.3, max=4),
            reraise=True,
        )
        return tries(self._once, method, path, **arguments).json()

    def _once(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        answer = self.client.request(method, f"/api/v2/{path}", **arguments)
        if answer.status_code != httpx.codes.CONFLICT:  # there already: an earlier try was carried out, its answer lost
            answer.raise_for_status()
        return answer

    def pools(self) -> None:
        there = {pool["name"] for pool in self._ask("GET", "pools")["pools"]}
        for name, slots in POOLS.items():
            if name not in there:
                self._ask("POST", "pools", json={"name": name, "slots": slots})

    def dags(self) -> dict[str, bool]:
        """DAG id → is it paused."""
        return {dag["dag_id"]: dag["is_paused"] for dag in self._ask("GET", "dags", params={"limit": 500})["dags"]}

    def wait_for_dags(self, wanted: Sequence[str], seconds: float) -> dict[str, bool]:
        """Until Airflow knows every DAG that the registry says there is. Raises `Fault` IOC-010 naming the missing."""
        deadline = time.monotonic() + seconds
        while True:
            there = self.dags()
            missing = sorted(set(wanted) - set(there))
            if not missing:
                return there
            if time.monotonic() > deadline:
                errors = self._ask("GET", "importErrors")["import_errors"]
                fault = not_up("airflow-dag-processor", f"DAG {', '.join(missing[:3])}")
                fault.why = "\n".join(error["stack_trace"][-300:] for error in errors) or fault.why
                raise fault
            time.sleep(0.5)

    def unpause(self, dag_id: str) -> None:
        self._ask("PATCH", f"dags/{dag_id}", json={"is_paused": False})

    def trigger(self, dag_id: str) -> str:
        """Start a run under a name of our own, so that asking twice starts one."""
        run_id = f"up__{new_id()}"
        self._ask("POST", f"dags/{dag_id}/dagRuns", json={"dag_run_id": run_id, "logical_date": None})
        return run_id

    def wait_for(self, runs: dict[str, str], seconds: float, progress: Callable[[str], None]) -> dict[str, str]:
        """DAG id → `success`, `failed` or, when the time is over, what it still is. A component that dies meanwhile is started again."""
        deadline = time.monotonic() + seconds
        states = dict.fromkeys(runs, "queued")
        while True:
            dead = [name for name in COMPONENTS if services.process(name) is None]
            if dead:
                progress(f"{', '.join(dead)} đã dừng: khởi động lại")
                self.revive()
            for dag_id in [d for d, state in states.items() if state not in ("success", "failed")]:
                states[dag_id] = self._ask("GET", f"dags/{dag_id}/dagRuns/{runs[dag_id]}")["state"]
                if states[dag_id] in ("success", "failed"):
                    progress(f"Airflow: {dag_id}: {states[dag_id]}")
            if time.monotonic() > deadline or all(state in ("success", "failed") for state in states.values()):
                return states
            time.sleep(1)
