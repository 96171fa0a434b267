"""The hazard feeds over HTTP, with the shapes and the bad manners of the public ones."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "only-for-this-test"
RIVERS, LAKES, FLOODS = "/water_level", "/CanhBaoSoLieu/ATCBDTHo", "/LayerMapBox/getDSCanhbaoSLLQ"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    token = tmp_path_factory.mktemp("rest") / "token"
    token.write_text(TOKEN, encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen([sys.executable, "-m", "demo.serve", "rest", str(port), str(token), "38"], cwd=ROOT)
    address = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            assert httpx.get(f"{address}/health", trust_env=False).json() == {"status": "ok"}
            break
        except httpx.TransportError:
            time.sleep(0.1)
    yield address
    server.terminate()
    server.wait(10)


@pytest.fixture
def feed(url: str) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=30) as client:
        yield client


def patient(feed: httpx.Client, method: str, path: str, **more: object) -> httpx.Response:
    """The answer, asked for again once when the feed says 429, as it does now and then."""
    for _ in range(2):
        reply = feed.request(method, path, **more)  # type: ignore[arg-type]
        if reply.status_code != 429:
            break
    assert reply.status_code == 200, reply.text
    return reply


@pytest.mark.parametrize(("method", "path"), [("GET", RIVERS), ("POST", LAKES), ("POST", FLOODS)])
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}], ids=["none", "wrong"])
def test_feed__refuses_without_the_token(url: str, method: str, path: str, headers: dict[str, str]) -> None:
    assert httpx.request(method, url + path, headers=headers, trust_env=False).status_code == 401


def test_feed__asks_to_wait_once_in_97_calls(feed: httpx.Client) -> None:
    replies = [feed.get(RIVERS, params={"size": 1}) for _ in range(97)]
    waits = [reply for reply in replies if reply.status_code == 429]
    assert len(waits) == 1 and waits[0].headers["Retry-After"] == "1"


def test_rivers__are_geojson_with_html_and_a_misspelt_longitude(feed: httpx.Client) -> None:
    at = "2025-08-27T07:00:00"
    body = patient(feed, "GET", RIVERS, params={"from": at, "to": at}).json()
    assert (body["type"], body["total"], len(body["features"])) == ("FeatureCollection", 10, 10)
    giang = body["features"][0]["properties"]
    assert "<b>Giàng</b>" in giang["popupInfo"] and "<b>6.62</b> m (trên BĐ1)" in giang["popupInfo"]
    assert "&#7921;" in giang["popupInfo"] and giang["longtitude"] == 105.76 and "longitude" not in giang


def test_lakes__come_in_pages_that_join_without_gap(feed: httpx.Client) -> None:
    asked = {"from": "2026-03-10T06:00:00", "time": "2026-03-10T07:00:00", "size": "40"}
    pages = [patient(feed, "POST", LAKES, data=asked | {"page": str(page)}).json() for page in (1, 2, 3, 4)]
    # 43 reservoirs × 2 hours
    assert [page["total"] for page in pages] == [86] * 4
    assert [len(page["rows"]) for page in pages] == [40, 40, 6, 0]
    assert len({(r["LakeCode"], r["ThoiGianCapNhat"]) for page in pages for r in page["rows"]}) == 86


def test_floods__name_a_commune_more_than_once_with_microsoft_dates_and_broken_names(feed: httpx.Client) -> None:
    rows = patient(feed, "POST", FLOODS, data={"date": "2025-08-27T04:00:00", "sogiodubao": "6"}).json()
    communes = [row["commune_id_2cap"] for row in rows]
    assert len(rows) > 100 and len(set(communes)) < len(communes)
    # 2025-08-27 04:00 in Việt Nam is 2025-08-26 21:00 UTC: 20,326 days and 21 hours
    assert {row["thoigian"] for row in rows} == {f"/Date({(20_326 * 24 + 21) * 3_600_000})/"}
    assert {row["nguycoluquet"] for row in rows} <= {"", "Trung bình", "Cao", "Rất cao"}
    broken = {row["commune_id_2cap"] for row in rows if re.search("[ÃÄÆáº»]{2}", row["commune_name_2cap"])}
    assert broken and all(int(code) % 19 == 0 for code in broken)


def test_feed__knows_nothing_of_the_future(feed: httpx.Client) -> None:
    assert patient(feed, "POST", FLOODS, data={"date": "2099-01-01T00:00:00"}).json() == []
    ahead = {"from": "2099-01-01T00:00:00", "to": "2099-01-02T00:00:00"}
    assert patient(feed, "GET", RIVERS, params=ahead).json()["total"] == 0
