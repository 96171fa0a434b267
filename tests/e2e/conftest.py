"""One province brought up by `./ioc up` for all end-to-end tests, and people signed in to its boards."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Up:
    """A province that runs: its state, and where its boards answer."""

    home: Path
    url: str

    def password(self, user: str) -> str:
        return (self.home / "secrets" / f"SUPERSET_{user.upper()}_PASSWORD").read_text(encoding="utf-8").strip()

    def marts(self) -> Path:
        return (self.home / "serving" / "current" / "marts.duckdb").resolve()


@pytest.fixture(scope="session")
def province_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """`./ioc up` in an `IOC_HOME` of its own, `./ioc down` at the end. `IOC_UP_HOME` names one that is up already."""
    running = os.environ.get("IOC_UP_HOME")
    if running:
        yield _found(Path(running))
        return
    home = tmp_path_factory.mktemp("up") / "var"
    env = {n: v for n, v in os.environ.items() if n != "PYTEST_CURRENT_TEST"} | {"IOC_HOME": str(home)}
    done = subprocess.run(["./ioc", "up"], cwd=ROOT, env=env, capture_output=True, text=True)
    try:
        # 3: published, and some sources are late.
        assert done.returncode in (0, 3), done.stdout[-3000:] + done.stderr[-3000:]
        yield _found(home)
    finally:
        subprocess.run(["./ioc", "down"], cwd=ROOT, env=env, capture_output=True, timeout=300)


def _found(home: Path) -> Up:
    services = json.loads((home / "state" / "services.json").read_text(encoding="utf-8"))
    return Up(home, services["superset"]["url"])


@pytest.fixture(scope="session")
def sign_in(province_up: Up) -> Iterator[Callable[[str], httpx.Client]]:
    """A client signed in as a user through the login page, one a user: signing in is rate-limited."""
    clients: dict[str, httpx.Client] = {}

    def as_user(user: str) -> httpx.Client:
        if user not in clients:
            clients[user] = _signed_in(province_up, user)
        return clients[user]

    yield as_user
    for client in clients.values():
        client.close()


def _signed_in(up: Up, user: str) -> httpx.Client:
    client = httpx.Client(base_url=up.url, trust_env=False, follow_redirects=True, timeout=60)
    token = _token(client.get("/login/"))
    page = client.post("/login/", data={"username": user, "password": up.password(user), "csrf_token": token})
    assert page.status_code == 200 and not page.url.path.startswith("/login"), page.url
    client.headers["X-CSRFToken"] = _token(page)
    return client


def _token(page: httpx.Response) -> str:
    """The page's CSRF token."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    assert found, page.url
    return found.group(1)
