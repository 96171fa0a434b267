"""Connectors of servers against real ones on loopback: REST by uvicorn, MariaDB where it is installed."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import made_up_servers
import pytest
import uvicorn
from made_up_request import request, rows
from starlette.applications import Starlette
from starlette.requests import Request as Call
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from warehouse.errors import Fault

CALLS: list[str] = []


async def listing(call: Call) -> Response:
    CALLS.append(call.url.path)
    if call.headers.get("authorization") != "Bearer the-token":
        return JSONResponse({}, 401)
    if CALLS.count("/rows") == 2:
        return JSONResponse({}, 429, {"Retry-After": "0"})
    page = int(call.query_params["page"])
    body = [f'{{"ma": "{n}", "so": 1.10, "sau": {{"trong": {n}}}}}' for n in range(5)][(page - 1) * 2 : page * 2]
    return Response(f'{{"total": 5, "data": [{", ".join(body)}]}}', media_type="application/json")


async def popup(_: Call) -> Response:
    return JSONResponse({"features": [{"properties": {"html": "<b>M&#227; tr&#7841;m</b>: <i>TV&amp;1</i>"}}]})


async def slow(_: Call) -> Response:
    await asyncio.sleep(3)
    return PlainTextResponse("")


async def words(_: Call) -> Response:
    return PlainTextResponse("<html>bảo trì</html>")


@pytest.fixture(scope="module")
def feed() -> Iterator[str]:
    app = Starlette(
        routes=[Route("/rows", listing), Route("/popup", popup), Route("/slow", slow), Route("/words", words)]
    )
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True


def ask(tmp_path: Path, base: str, read: dict[str, object], columns: str, **more: object) -> list[dict[str, object]]:
    connector = {"kind": "rest", "base_url": base, "token": {"secret": "FEED_TOKEN"}, "rate_per_second": 200, **more}
    return rows(request(tmp_path, connector, read, columns))[0]


PAGED = {"path": "/rows", "records": "data", "paging": {"size": 2, "total": "total"}}


def test_rest__reads_every_page_keeps_digits_and_waits_when_told(
    tmp_path: Path, feed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEED_TOKEN", "the-token")
    CALLS.clear()
    found = ask(tmp_path, feed, PAGED, "ma; so; trong=sau.trong")
    assert [r["ma"] for r in found] == ["0", "1", "2", "3", "4"]
    assert {r["so"] for r in found} == {"1.10"} and found[3]["sau.trong"] == "3"
    assert len(CALLS) == 4  # three pages and one 429


def test_rest__wrong_token_is_asked_once_and_not_shown(
    tmp_path: Path, feed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEED_TOKEN", "wrong-token")
    CALLS.clear()
    with pytest.raises(Fault) as caught:
        ask(tmp_path, feed, PAGED, "ma")
    assert caught.value.code == "IOC-202" and len(CALLS) == 1 and "wrong-token" not in str(caught.value)


def test_rest__reads_values_out_of_html(tmp_path: Path, feed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEED_TOKEN", "x")
    read = {"path": "/popup", "records": "features", "html_in": "properties.html", "html": {"ma": "<i>([^<]+)</i>"}}
    assert ask(tmp_path, feed, read, "ma") == [{"ma": "TV&1"}]


@pytest.mark.slow
@pytest.mark.parametrize(("path", "code"), [("/slow", "IOC-203"), ("/words", "IOC-206"), ("/gone", "IOC-206")])
def test_rest__says_what_is_wrong_with_a_feed(
    tmp_path: Path, feed: str, monkeypatch: pytest.MonkeyPatch, path: str, code: str
) -> None:
    monkeypatch.setenv("FEED_TOKEN", "x")
    with pytest.raises(Fault) as caught:
        ask(tmp_path, feed, {"path": path}, "ma", timeout_seconds=0.3)
    assert caught.value.code == code


def test_rest__a_missing_secret_names_it(
    tmp_path: Path, ioc_home: Path, feed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FEED_TOKEN", raising=False)
    with pytest.raises(Fault) as caught:
        ask(tmp_path, feed, PAGED, "ma")
    assert caught.value.code == "IOC-201" and "FEED_TOKEN" in caught.value.fix


@pytest.fixture(scope="module")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with made_up_servers.mariadb(tmp_path_factory.mktemp("mariadb")) as (con, connector):
        con.query("CREATE TABLE t (ma varchar(5) PRIMARY KEY)")
        yield connector


@pytest.mark.slow
@pytest.mark.mariadb
def test_mariadb__refuses_and_is_down_in_its_own_words(
    tmp_path: Path, mariadb: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("R_PASSWORD", made_up_servers.R_PASSWORD)
    with pytest.raises(Fault, match="SSL is required but the server doesn't support it"):
        rows(request(tmp_path, mariadb | {"ssl": "required"}, {"table": "t"}, "ma"))
    monkeypatch.setenv("R_PASSWORD", "sai-mat-khau")
    for port, code in ((mariadb["port"], "IOC-202"), (9, "IOC-201")):
        with pytest.raises(Fault) as caught:
            rows(request(tmp_path, mariadb | {"port": port}, {"table": "t"}, "ma"))
        assert caught.value.code == code and "sai-mat-khau" not in str(caught.value)
