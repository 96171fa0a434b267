"""Superset on a small served build, and people signed in to it. It takes about half a minute to set up."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator

import httpx
import pytest
from small_build import FIRST, PYTHON, ROOT, SECOND, Boards, set_up, write_build

from boards import serve


@pytest.fixture(scope="session")
def boards_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Boards]:
    if not PYTHON.exists():
        pytest.skip("Superset is not installed: .venv-boards is made by ./ioc up")
    home = tmp_path_factory.mktemp("boards") / "var"
    for build_id, first in ((FIRST, 100), (SECOND, 200)):
        write_build(home, build_id, first)
    (home / "serving" / "current").symlink_to(FIRST)
    set_up(home)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    argv, env = serve.command(port)
    env = {n: v for n, v in os.environ.items() if not n.startswith("SUPERSET_")} | env | {"IOC_HOME": str(home)}
    with (home / "superset.log").open("wb") as log:
        server = subprocess.Popen(argv, cwd=ROOT, env=env, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 120
    while not serve.health(url) and server.poll() is None and time.monotonic() < deadline:
        time.sleep(0.3)
    assert serve.health(url), (home / "superset.log").read_text(encoding="utf-8")[-2000:]
    yield Boards(home, url)
    server.terminate()
    server.wait(20)


def page_token(page: httpx.Response) -> str:
    """The page's CSRF token."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    assert found, page.url
    return found.group(1)


@pytest.fixture(scope="session")
def try_login(boards_up: Boards) -> Callable[[str, str], httpx.Client | None]:
    """Sign in through the login page: a client, or None where that is refused."""

    def attempt(user: str, password: str) -> httpx.Client | None:
        client = httpx.Client(base_url=boards_up.url, trust_env=False, follow_redirects=True, timeout=60)
        form = {"username": user, "password": password, "csrf_token": page_token(client.get("/login/"))}
        page = client.post("/login/", data=form)
        assert page.status_code == 200, page.status_code
        if client.get("/api/v1/me/").status_code != 200:
            return None
        client.headers["X-CSRFToken"] = page_token(page)
        return client

    return attempt


@pytest.fixture(scope="session")
def leader(boards_up: Boards, try_login: Callable[[str, str], httpx.Client | None]) -> httpx.Client:
    client = try_login("lanh_dao", boards_up.password("lanh_dao"))
    assert client is not None
    return client


@pytest.fixture(scope="session")
def analyst(boards_up: Boards, try_login: Callable[[str, str], httpx.Client | None]) -> httpx.Client:
    client = try_login("phan_tich", boards_up.password("phan_tich"))
    assert client is not None
    return client
