"""What servers send that they should not, over HTTP on loopback: it is read as meant, or refused; never half, never wrong."""

from __future__ import annotations

import gzip
import json
import time
import zlib
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from made_up_request import request, rows
from made_up_servers import http
from made_up_source import ask, declare
from starlette.requests import Request as Call
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from ingestion.connectors import rest
from ingestion.extract import extract
from ingestion.load import load
from ingestion.model import Source
from warehouse.errors import Fault

TWO = [{"ma": "A", "so": 1}, {"ma": "B", "so": 2}]
BODY = json.dumps(TWO).encode()
RAW = zlib.compressobj(wbits=-15)
CODED = {
    "gzip": gzip.compress(BODY), "deflate": zlib.compress(BODY), "raw-deflate": RAW.compress(BODY) + RAW.flush(),
    "br": b"\x0b\x02\x80[]\x03", "broken": gzip.compress(BODY)[:-12] + b"x" * 12, "torn": gzip.compress(BODY)[:30],
}  # fmt: skip
NAMES = {"raw-deflate": "deflate", "broken": "gzip", "torn": "gzip"}
PLAIN: dict[str, Any] = {
    "bom": b"\xef\xbb\xbf" + BODY, "utf16": json.dumps(TWO).encode("utf-16"), "latin": '[{"ma": "Hó"}]'.encode("latin-1"), "cut": BODY[:-5],
    "twice": b'[{"ma": "A", "so": 1, "so": 2}]', "same": b'[{"ma": "A", "so": 1, "so": 1}]', "deep": b"[" * 200_000, "empty": b"", "null": b"null",
    "error": b'{"error": {"code": 40, "message": "h\\u1ebft h\\u1ea1n"}}', "one": b'{"ma": "A", "so": null}',
    "lists": b'[{"t": "1,2,", "v": "a,b,"}, {"t": "", "v": null}, {"t": ["3"], "v": ["c"]}, {"t": "4,5", "v": "d"}, {"t": "6", "v": "e", "p": "khac"}]',
    "numbers": b'[{"ma": "A", "so": NaN}, {"ma": "B", "so": 1E400}, {"ma": "C", "so": 9007199254740993}, {"ma": "D", "so": [[1, 2.50], []]}, "E", null, ["F"]]',
}  # fmt: skip
CALLS: list[str] = []


async def coded(call: Call) -> Response:
    kind = call.path_params["kind"]
    return Response(CODED[kind], headers={"content-encoding": NAMES.get(kind, kind)})


async def plain(call: Call) -> Response:
    return Response(PLAIN[call.path_params["kind"]], media_type="application/json")


async def chunked(call: Call) -> Response:
    async def parts() -> AsyncIterator[bytes]:
        for byte in BODY:
            yield bytes([byte])

    return StreamingResponse(parts())


async def login_page(call: Call) -> Response:
    return HTMLResponse("<html>Đăng nhập</html>")


async def nothing(call: Call) -> Response:
    return Response(status_code=204)


async def busy(call: Call) -> Response:
    """Once 429, then the records."""
    CALLS.append(str(call.url))
    when = {
        "seconds": "1",
        "date": format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True),
        "hour": "3600",
        "noise": "sớm",
    }
    told = when[call.path_params["when"]].encode().decode("latin-1")
    return JSONResponse(TWO) if len(CALLS) > 1 else Response(status_code=429, headers={"Retry-After": told})


async def cursor(call: Call) -> Response:
    at = int(call.query_params.get("after", "0"))
    items = [] if at == 1 else [{"ma": f"M{at}", "so": at}]
    return JSONResponse({"items": items, "next": at + 1 if at < 3 else None})


async def stuck(call: Call) -> Response:
    return JSONResponse({"items": [], "next": "s1"})


async def pages(call: Call) -> Response:
    """25 records; `how` says what the server does wrong."""
    how, page, size = call.path_params["how"], int(call.query_params["page"]), int(call.query_params["size"])
    size, page = (4, page) if how == "capped" else (size, 1 if how == "unpaged" else page)
    total = 25 if how != "shrinks" or page == 1 else 24
    listed = list(range(total)) if how != "lies" else list(range(20))
    items = [{"ma": f"M{i:02}", "so": i} for i in listed[(page - 1) * size : page * size]]
    return JSONResponse({"items": items, "total": total})


async def bad_link(call: Call) -> Response:
    return JSONResponse({"items": TWO, "next": "http://may-chu:cong/"})


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    calls = {
        "/coded/{kind}": coded, "/plain/{kind}": plain, "/chunked": chunked, "/html": login_page, "/nothing": nothing,
        "/busy/{when}": busy, "/cursor": cursor, "/stuck": stuck, "/pages/{how}": pages, "/bad_link": bad_link,
    }  # fmt: skip
    with http([Route(path, call) for path, call in calls.items()]) as address:
        yield address


@pytest.fixture
def get(tmp_path: Path, server: str) -> Any:
    CALLS.clear()

    def one(path: str, **read: Any) -> list[dict[str, Any]]:
        connector = {"kind": "rest", "base_url": server, "rate_per_second": 500}
        return rows(request(tmp_path, connector, {"path": path, **read}, "ma;so"))[0]

    return one


@pytest.mark.parametrize(
    "path", ["/coded/gzip", "/coded/deflate", "/coded/raw-deflate", "/chunked", "/plain/bom", "/plain/utf16"]
)  # fmt: skip
def test_body__in_every_usual_coding_is_the_same_records(get: Any, path: str) -> None:
    assert get(path) == [{"ma": "A", "so": "1"}, {"ma": "B", "so": "2"}]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/coded/br", "mã hóa kiểu “br”"),
        ("/coded/broken", "nén hỏng"),
        ("/coded/torn", "không phải JSON"),
        ("/plain/latin", "không phải JSON"),
        ("/plain/cut", "không phải JSON"),
        ("/plain/empty", "không phải JSON"),
        ("/plain/null", "không có danh sách"),
        ("/plain/deep", "không phải JSON"),
        ("/plain/twice", "key 'so' has two values"),
        ("/plain/error", r"không có cột nào đã khai báo \(error\)"),
        ("/html", "không phải JSON mà là text/html"),
    ],
)
def test_body__that_is_not_the_records_refuses_the_pull(get: Any, path: str, said: str) -> None:
    with pytest.raises(Fault, match=said) as refusal:
        get(path)
    assert refusal.value.code == "IOC-206"


def test_body__of_an_error_is_not_shown_and_an_empty_answer_is_no_rows(get: Any) -> None:
    with pytest.raises(Fault, match="chỉ có error") as refusal:
        get("/plain/error", records="items")
    assert "hết hạn" not in repr(refusal.value)
    assert get("/nothing") == get("/nothing", records="items") == []
    assert get("/plain/one") == [{"ma": "A", "so": None}] and get("/plain/same") == [{"ma": "A", "so": "1"}]


def test_numbers__that_no_type_holds_and_records_that_are_none_wait(
    tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IOC_HOME", str(tmp_path / "var"))
    columns = [{"name": "ma", "type": "text"}, {"name": "so", "type": "decimal"}]
    body = declare(columns=columns, read={"path": "/plain/numbers"}, cursor=None).model_dump(by_alias=True)
    one = Source.model_validate(body | {"connector": {"kind": "rest", "base_url": server}})
    (done,) = load(extract(one, run_id="r"), holder="t")
    assert (done.rows_in, done.rows_loaded, done.rows_quarantined, done.rows_deduplicated) == (7, 1, 6, 0)
    assert ask("SELECT ma, so::VARCHAR FROM raw.so_thu_nghiem__ho_so") == [("C", "9007199254740993.000000")]
    waiting = ask("SELECT row_json->>'ma', row_json->>'so', row_json->>'_more' FROM quarantine.row ORDER BY row_number")
    assert waiting == [
        ("A", "NaN", None),
        ("B", "1E400", None),
        ("D", "[[1, 2.50], []]", None),
        (None, None, '"E"'),
        (None, None, "null"),
        (None, None, '["F"]'),
    ]


def test_split__pairs_lists_of_one_length_and_counts_what_it_leaves_out(tmp_path: Path, server: str) -> None:
    read = {"path": "/plain/lists", "split": {"columns": ["t", "v"]}, "keep": {"p": "Thanh H"}}
    asked = request(tmp_path, {"kind": "rest", "base_url": server}, read, "ma=t;so=v")
    found, refs, _ = rows(asked)
    assert [(r["t"], r["v"]) for r in found] == [("1", "a"), ("2", "b"), ("3", "c"), ("4,5", "d")]
    assert [ref.partition("#")[2] for ref in refs] == ["1.1.1", "1.1.2", "1.3.1", "1.4.1"]
    left_out = [chunk.left_out for chunk in rest.read(asked) if chunk.left_out]
    assert left_out == [{"danh sách của split trống": 1, "p khác với keep": 1}]


@pytest.mark.parametrize(("when", "least"), [("seconds", 1.0), ("date", 0.9), ("noise", 0.0)])
def test_busy_server__is_asked_again_when_it_said(get: Any, when: str, least: float) -> None:
    began = time.monotonic()
    assert len(get(f"/busy/{when}")) == 2 and len(CALLS) == 2
    assert least <= time.monotonic() - began < 5


def test_busy_server__that_wants_an_hour_is_left_for_the_next_run(get: Any) -> None:
    began = time.monotonic()
    with pytest.raises(Fault, match="Retry-After: 3600") as down:
        get("/busy/hour")
    assert down.value.code == "IOC-201" and len(CALLS) == 1 and time.monotonic() - began < 2


def test_cursor__goes_on_after_an_empty_page_and_not_for_ever(get: Any) -> None:
    paging = {"style": "cursor", "page_param": "after", "next": "next"}
    assert [r["ma"] for r in get("/cursor", records="items", paging=paging)] == ["M0", "M2", "M3"]
    with pytest.raises(Fault, match="quay vòng"):
        get("/stuck", records="items", paging=paging)
    with pytest.raises(Fault, match="địa chỉ trang tiếp theo sai"):
        get("/bad_link", records="items", paging={"style": "link", "next": "next"})


@pytest.mark.parametrize("total", [None, "total"])
def test_pages__that_the_server_caps_are_all_read(get: Any, total: str | None) -> None:
    found = get("/pages/capped", records="items", paging={"size": 10, "total": total})
    assert [r["ma"] for r in found] == [f"M{i:02}" for i in range(25)]


@pytest.mark.parametrize(
    ("how", "total", "code", "said"),
    [
        ("shrinks", "total", "IOC-204", "25 records at first, now fewer; 20 came"),
        ("lies", "total", "IOC-204", "20 came"),
        ("unpaged", None, "IOC-206", "trang 2 giống hệt trang trước"),
        ("whole", "items", "IOC-206", "không phải là số bản ghi"),
    ],
)
def test_pages__of_which_records_would_be_missed_or_doubled_are_refused(
    get: Any, how: str, total: str | None, code: str, said: str
) -> None:
    with pytest.raises(Fault, match=said) as refusal:
        get(f"/pages/{how}", records="items", paging={"size": 10, "total": total})
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("read", "said"),
    [
        ({"conditional": True, "method": "POST"}, "conditional asks for one document"),
        ({"conditional": True, "paging": {}}, "conditional asks for one document"),
        ({"html": {"ma": "x+"}}, "has no group"),
        ({"html": {"ma": "(x"}}, "valid regular expression"),
        ({"keep": {"ma": "["}}, "valid regular expression"),
        ({"split": {"columns": []}}, "at least 1 item"),
    ],
)
def test_declaration__that_contradicts_itself_is_refused(get: Any, read: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        get("/html", **read)
