"""Feeds over HTTP on loopback: logins, pages, unchanged documents, SensorThings, NGSI; and what a feed may not do to us."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from made_up_request import request, rows
from made_up_servers import http
from starlette.requests import Request as Call
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from warehouse.errors import Fault

TOTAL = 25
#: What the server was asked, and how often a token was given out.
CALLS: list[str] = []
TOKENS: list[str] = []
ALL = [{"ma": f"M{i:02}", "so": i} for i in range(TOTAL)]


def _page(call: Call) -> list[dict[str, Any]]:
    start, size = int(call.query_params.get("offset", 0)), int(call.query_params.get("limit", 10))
    return ALL[start : start + size]


async def offset(call: Call) -> Response:
    CALLS.append(str(call.url.query))
    return JSONResponse({"items": _page(call)})


async def cursor(call: Call) -> Response:
    at = int(call.query_params.get("after", "0"))
    return JSONResponse({"items": ALL[at : at + 10], "meta": {"next": str(at + 10) if at + 10 < TOTAL else None}})


async def link(call: Call) -> Response:
    at = int(call.query_params.get("at", "0"))
    following = {"Link": f'</link?at={at + 10}&x=1>; rel="next"'} if at + 10 < TOTAL else {}
    return JSONResponse(ALL[at : at + 10], headers=following)


async def circle(call: Call) -> Response:
    return JSONResponse({"items": ALL[:1], "next": "/circle?again=1"})


async def elsewhere(call: Call) -> Response:
    return JSONResponse({"items": ALL[:1], "next": "http://127.0.0.2:9/steal"})


async def endless(call: Call) -> Response:
    at = int(call.query_params["page"])
    return JSONResponse({"items": [{"ma": f"M{at + i}", "so": i} for i in range(10)]})


async def moved(call: Call) -> Response:
    return RedirectResponse("http://127.0.0.2:9/steal")


async def large(call: Call) -> Response:
    return Response(b'["' + b"x" * 3_000_000 + b'"]')


async def tagged(call: Call) -> Response:
    CALLS.append(call.headers.get("if-none-match", ""))
    if call.headers.get("if-none-match") == '"v1"':
        return Response(status_code=304)
    return JSONResponse(ALL[:2], headers={"ETag": '"v1"'})


async def token(call: Call) -> Response:
    import base64

    form = (await call.body()).decode()
    if base64.b64decode(call.headers["authorization"].split()[1]).decode() != "ioc:bi-mat-oauth":
        return JSONResponse({"error": "invalid_client"}, 401)
    assert "grant_type=client_credentials" in form and "scope=doc" in form
    TOKENS.append(f"t{len(TOKENS)}")
    return JSONResponse({"access_token": TOKENS[-1], "expires_in": 3600})


async def guarded(call: Call) -> Response:
    """The first token runs out after its first use."""
    CALLS.append(call.headers.get("authorization", ""))
    spent = CALLS.count("Bearer t0") > 1
    good = call.headers.get("authorization") == f"Bearer {TOKENS[-1]}" and not (spent and TOKENS[-1] == "t0")
    return JSONResponse({"items": _page(call)}) if good else JSONResponse({}, 401)


async def keyed(call: Call) -> Response:
    good = call.headers.get("x-khoa") == "khoa-api-38" or call.query_params.get("khoa") == "khoa-api-38"
    return JSONResponse(ALL[:1]) if good else JSONResponse({}, 403)


async def observations(call: Call) -> Response:
    CALLS.append(str(call.url.query))
    at, top = int(call.query_params.get("$skip", 0)), 2
    body: dict[str, Any] = {"value": [
        {"@iot.id": i, "phenomenonTime": f"2026-11-01T0{i}:00:00Z", "result": 20.880 + i, "Datastream": {"name": f"mưa {i}"}}
        for i in range(at, min(at + top, 5))
    ]}  # fmt: skip
    if at + top < 5:
        body["@iot.nextLink"] = str(call.url.replace(query=f"$skip={at + top}&$top=2"))
    return JSONResponse(body)


async def entities(call: Call) -> Response:
    CALLS.append(call.headers.get("fiware-service", "") + call.headers.get("ngsild-tenant", ""))
    start, size = int(call.query_params["offset"]), int(call.query_params["limit"])
    is_ld = call.url.path.startswith("/ngsi-ld")
    found = [
        {"id": f"urn:{i}", "type": "T", "no2": {"type": "Property" if is_ld else "Number", "value": i + 0.5}
         | ({"unitCode": "GQ"} if is_ld else {"metadata": {"unitCode": {"value": "GQ"}}})}
        for i in range(5)
    ]  # fmt: skip
    header = "NGSILD-Results-Count" if is_ld else "Fiware-Total-Count"
    return JSONResponse(found[start : start + size], headers={header: "5"})


ROUTES = {
    "/offset": offset, "/cursor": cursor, "/link": link, "/circle": circle, "/elsewhere": elsewhere, "/endless": endless,
    "/moved": moved, "/large": large, "/tagged": tagged, "/guarded": guarded, "/keyed": keyed,
    "/v1.1/Observations": observations, "/v2/entities": entities, "/ngsi-ld/v1/entities": entities,
}  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    routes = [Route(path, call) for path, call in ROUTES.items()] + [Route("/token", token, methods=["POST"])]
    with http(routes) as address:
        yield address


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    CALLS.clear()
    TOKENS.clear()
    monkeypatch.setenv("KHOA", "khoa-api-38")
    monkeypatch.setenv("OAUTH", "bi-mat-oauth")


def ask(
    tmp_path: Path, server: str, read: dict[str, Any], columns: str = "ma;so", kind: str = "rest", **more: Any
) -> Any:
    connector = {"kind": kind, "base_url": server, "rate_per_second": 500, **more}
    return rows(request(tmp_path, connector, read, columns))


@pytest.mark.parametrize(
    ("path", "records", "paging"),
    [
        ("/offset", "items", {"style": "offset", "page_param": "offset", "size_param": "limit", "size": 10}),
        ("/cursor", "items", {"style": "cursor", "page_param": "after", "next": "meta.next", "size": 10}),
        ("/link", "", {"style": "link"}),
    ],
)
def test_pages__of_every_style_bring_each_record_once(
    tmp_path: Path, server: str, path: str, records: str, paging: dict[str, Any]
) -> None:
    found, refs, _ = ask(tmp_path, server, {"path": path, "records": records, "paging": paging})
    assert [r["ma"] for r in found] == [r["ma"] for r in ALL] and len(set(refs)) == TOTAL == 25


@pytest.mark.parametrize(
    ("path", "paging", "said"),
    [
        ("/circle", {"style": "link", "next": "next"}, "quay vòng"),
        ("/elsewhere", {"style": "link", "next": "next"}, "máy chủ khác"),
        ("/endless", {"style": "offset", "size": 10, "max_pages": 7}, "hơn 7 trang"),
    ],
)
def test_pages__that_lead_astray_are_refused(
    tmp_path: Path, server: str, path: str, paging: dict[str, Any], said: str
) -> None:
    with pytest.raises(Fault, match=said) as refusal:
        ask(tmp_path, server, {"path": path, "records": "items", "paging": paging})
    assert refusal.value.code == "IOC-206"


def test_answer__that_leads_elsewhere_or_is_too_large_is_refused(tmp_path: Path, server: str) -> None:
    with pytest.raises(Fault, match="HTTP 307, dẫn đi nơi khác"):
        ask(tmp_path, server, {"path": "/moved"})
    with pytest.raises(Fault, match="hơn 1 MB"):
        ask(tmp_path, server, {"path": "/large"}, max_mb=1)


def test_unchanged_document__is_not_read_again(tmp_path: Path, server: str) -> None:
    connector = {"kind": "rest", "base_url": server, "rate_per_second": 500}
    one = request(tmp_path, connector, {"path": "/tagged", "conditional": True}, "ma;so")
    found, _, taken = rows(one)
    assert len(found) == 2 and [f.modified for f in taken] == ['"v1"']
    assert rows(replace(one, seen={f.path: f for f in taken})) == ([], [], [])
    assert CALLS == ["", '"v1"']


OAUTH = {"client_id": "ioc", "client_secret": {"secret": "OAUTH"}, "scope": "doc"}


def test_oauth__token_is_used_for_all_pages_and_fetched_anew_once_it_ran_out(tmp_path: Path, server: str) -> None:
    paging = {"style": "offset", "page_param": "offset", "size_param": "limit", "size": 10}
    read = {"path": "/guarded", "records": "items", "paging": paging}
    found, _, _ = ask(tmp_path, server, read, oauth={"token_url": f"{server}/token", **OAUTH})
    assert len(found) == TOTAL and TOKENS == ["t0", "t1"]
    assert CALLS == ["Bearer t0", "Bearer t0", "Bearer t1", "Bearer t1"]


def test_oauth__wrong_secret_is_asked_once_and_not_shown(
    tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OAUTH", "sai-hoan-toan")
    with pytest.raises(Fault) as refusal:
        ask(tmp_path, server, {"path": "/guarded"}, oauth={"token_url": f"{server}/token", **OAUTH})
    assert refusal.value.code == "IOC-202" and "sai-hoan" not in repr(refusal.value) and CALLS == []


@pytest.mark.parametrize("place", [{"header": "X-Khoa"}, {"query": "khoa"}])
def test_api_key__goes_where_it_is_declared(tmp_path: Path, server: str, place: dict[str, str]) -> None:
    assert len(ask(tmp_path, server, {"path": "/keyed"}, api_key={"secret": "KHOA", **place})[0]) == 1
    with pytest.raises(Fault, match="IOC-202"):
        ask(tmp_path, server, {"path": "/keyed"})


def test_sensorthings__follows_next_links_and_asks_only_what_is_new(tmp_path: Path, server: str) -> None:
    connector = {"kind": "sensorthings", "base_url": f"{server}/v1.1", "rate_per_second": 500}
    read = {"entities": "Observations", "expand": "Datastream", "top": 2}
    one = request(tmp_path, connector, read, "id=@iot.id;luc=phenomenonTime;so=result;ten=Datastream.name")
    found, refs, _ = rows(one)
    assert [(r["@iot.id"], r["result"], r["Datastream.name"]) for r in found[:2]] == [
        ("0", "20.88", "mưa 0"),
        ("1", "21.88", "mưa 1"),
    ]
    assert refs == [f"Observations({i})" for i in range(5)]
    columns = [c if c.name != "luc" else c.model_copy(update={"type": "timestamp"}) for c in one.table.columns]
    table = one.table.model_copy(update={"cursor": "luc", "columns": columns})
    CALLS.clear()
    rows(replace(one, table=table, since="2026-11-01T08:00:00+07:00"))
    assert (
        "phenomenonTime+ge+2026-11-01T01%3A00%3A00.000000Z" in CALLS[0] and "%24orderby=phenomenonTime+asc" in CALLS[0]
    )


@pytest.mark.parametrize("version", ["v2", "ld"])
def test_ngsi__brings_every_entity_of_a_broker_flat(tmp_path: Path, server: str, version: str) -> None:
    read, columns = {"type": "T", "size": 2}, "id;no2;don_vi=no2.unitCode"
    found, refs, _ = ask(tmp_path, server, read, columns, "ngsi", version=version, service="thanhhoa")
    assert [r["no2"] for r in found] == ["0.5", "1.5", "2.5", "3.5", "4.5"] and {r["no2.unitCode"] for r in found} == {
        "GQ"
    }
    assert refs[0].endswith("entities#urn:0") and CALLS == ["thanhhoa"] * 3


def test_ngsi_files__one_or_many_entities_a_file(tmp_path: Path) -> None:
    import os

    bodies = {
        "a.json": {"id": "1", "x": 1.50},
        "b.json": [{"id": "2", "x": {"value": 2}}, {"id": "3", "x": {"type": "Property", "value": None}}],
    }
    for name, body in bodies.items():
        (tmp_path / name).write_text(json.dumps(body))
        os.utime(tmp_path / name, (1_700_000_000, 1_700_000_000))
    found, refs, _ = rows(
        request(tmp_path, {"kind": "ngsi_files", "folder": str(tmp_path)}, {"file": "*.json"}, "id;x")
    )
    assert found == [{"id": "1", "x": "1.5"}, {"id": "2", "x": "2"}, {"id": "3", "x": None}] and refs == [
        "a.json#1",
        "b.json#1",
        "b.json#2",
    ]
