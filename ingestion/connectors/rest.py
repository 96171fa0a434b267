"""REST feeds: JSON records, paged, with a login, bounded in rate.

Numbers keep the digits they were printed with, HTML inside values is read by a declared regular expression, nested keys are
addressed by dots (`properties.popupInfo`). A page that breaks off fails the whole extract: nothing half is landed.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from ingestion.connectors import Arguments, Chunk, Request, SeenFile
from ingestion.connectors._duckdb import malformed
from ingestion.connectors._http import Client, Http
from ingestion.connectors._places import text_batch
from ingestion.connectors._records import as_text, dig

Connection = Http


class Paging(Arguments):
    """`page` counts pages, `offset` counts records, `cursor` hands back what the last page named, `link` follows its next address."""

    style: Literal["page", "offset", "cursor", "link"] = Field(
        default="page", description="how the feed names its next page"
    )
    page_param: str = Field(default="page", description="query parameter of the page, the offset or the cursor")
    size_param: str = Field(default="size", description="query parameter of the page's size")
    size: int = Field(default=500, description="records a page")
    first: int = Field(default=1, description="number of the first page")
    total: str | None = Field(
        default=None, description="JSON path of the number of records; without it the first short page is the last"
    )
    next: str | None = Field(
        default=None,
        description="cursor, link: JSON path of the next cursor or address; a link without it: the Link header",
    )
    max_pages: int = Field(default=10_000, description="more pages are a fault of the feed")


class Window(Arguments):
    """A feed asked hour by hour: from the watermark, at most `hours_back` into the past, each `step_hours` a call."""

    hours_back: int = Field(description="how far back a first pull reaches")
    step_hours: int = Field(default=1, description="hours a call")


class Read(Arguments):
    """`form` and `query` values may hold `${since}`, `${until}` and `${hour}` (local `yyyy-MM-dd HH:mm:ss`)."""

    method: Literal["GET", "POST"] = Field(default="GET", description="POST sends `form`")
    path: str = Field(description="below the base address")
    form: dict[str, str] = Field(
        default_factory=dict, description="form fields of a POST; ${since}, ${until}, ${hour} are local times"
    )
    query: dict[str, str] = Field(
        default_factory=dict, description="query parameters; ${since}, ${until}, ${hour} are local times"
    )
    records: str = Field(
        default="", description="JSON path of the list of records; empty: the document itself; one object is one record"
    )
    paging: Paging | None = None
    window: Window | None = None
    hours_back: int | None = Field(default=None, description="how far ${since} reaches back on a first pull")
    conditional: bool = Field(
        default=False,
        description="ask with the ETag of the last pull; an unchanged document is not read again (not for pages)",
    )
    html: dict[str, str] = Field(
        default_factory=dict, description="column → regular expression; its first group is the value"
    )
    html_in: str | None = Field(default=None, description="the field that holds the HTML")
    row_number_as: str | None = Field(default=None, description="a column that numbers records alike within one call")


def columns(request: Request) -> list[str] | None:
    return None


def read(request: Request) -> Iterator[Chunk]:
    connection = Connection.model_validate(request.source.connector.arguments)
    arguments = Read.model_validate(request.table.read)
    with Client(request, connection) as client:
        if arguments.conditional:
            yield from _if_changed(client, request, arguments)
            return
        for moment in _moments(request, arguments):
            values = _placeholders(request, arguments, moment)
            for page, records in enumerate(_pages(client, arguments, values), 1):
                if records:
                    yield _chunk(records, request, arguments, f"{moment:%Y%m%dT%H}#{page}")


def _if_changed(client: Client, request: Request, arguments: Read) -> Iterator[Chunk]:
    """One document, if it has another ETag (or date) than the one taken last."""
    before = request.seen.get(arguments.path)
    asked = (
        {} if before is None else {"If-None-Match" if '"' in before.modified else "If-Modified-Since": before.modified}
    )
    answer = client.call(
        arguments.path, _filled(arguments.query, _placeholders(request, arguments, request.now)), headers=asked
    )
    if answer.status_code == 304:
        return
    mark = answer.headers.get("etag") or answer.headers.get("last-modified") or ""
    chunk = _chunk(_records(client, client.json(answer), arguments), request, arguments, f"{request.now:%Y%m%dT%H}")
    chunk.files = [SeenFile(arguments.path, len(answer.content), mark)] if mark else []
    yield chunk


def _local(request: Request, moment: datetime) -> datetime:
    return moment.astimezone(ZoneInfo(request.source.time_zone))


def _moments(request: Request, arguments: Read) -> Iterator[datetime]:
    """The hours to ask for, oldest first; one (now) for a feed without a window."""
    end = _local(request, datetime.fromisoformat(request.until) if request.until else request.now)
    if arguments.window is None:
        yield end
        return
    end = end.replace(minute=0, second=0, microsecond=0)
    oldest = end - timedelta(hours=arguments.window.hours_back)
    start = _local(request, datetime.fromisoformat(request.since)) if request.since else oldest
    moment = max(oldest, start.replace(minute=0, second=0, microsecond=0))
    while moment <= end:
        yield moment
        moment += timedelta(hours=arguments.window.step_hours)


def _placeholders(request: Request, arguments: Read, moment: datetime) -> dict[str, str]:
    back = timedelta(hours=arguments.hours_back or 24)
    since = datetime.fromisoformat(request.since) if request.since else request.now - back
    until = datetime.fromisoformat(request.until) if request.until else request.now
    times = {"hour": moment, "since": _local(request, since), "until": _local(request, until)}
    return {name: f"{value:%Y-%m-%d %H:%M:%S}" for name, value in times.items()}


def _filled(template: dict[str, str], values: dict[str, str]) -> dict[str, str]:
    return {k: re.sub(r"\$\{(\w+)\}", lambda m: values.get(m[1], m[0]), v) for k, v in template.items()}


def _records(client: Client, body: Any, arguments: Read) -> list[Any]:
    records = dig(body, arguments.records) if arguments.records else body
    if isinstance(records, dict):
        return [records]
    if not isinstance(records, list):
        raise malformed(f"{client.where}{arguments.path}", f"không có danh sách ở “{arguments.records}”")
    return records


def _pages(client: Client, arguments: Read, values: dict[str, str]) -> Iterator[list[Any]]:
    """The records of each page. Raises `Fault` IOC-206 for a feed whose pages go round in a circle or never end."""
    query, form = _filled(arguments.query, values), _filled(arguments.form, values)
    paging, path, came = arguments.paging, arguments.path, 0
    asked: set[str] = set()
    mark: str | None = None
    for page in range(paging.max_pages if paging else 1):
        if paging:
            at = {"page": str(paging.first + page), "offset": str(came), "cursor": mark, "link": None}[paging.style]
            size = {paging.size_param: str(paging.size)} if paging.style != "link" else {}
            (form if arguments.method == "POST" else query).update(size | ({paging.page_param: at} if at else {}))
        answer = client.call(path, query, method=arguments.method, form=form)
        body = client.json(answer)
        records = _records(client, body, arguments)
        yield records
        came += len(records)
        if paging is None or (not records and paging.style in ("page", "offset")):
            return
        if paging.style in ("page", "offset"):
            total = dig(body, paging.total) if paging.total else None
            if (came >= int(total)) if total is not None else len(records) < paging.size:
                return
            continue
        mark = as_text(dig(body, paging.next)) if paging.next else answer.links.get("next", {}).get("url")
        if not mark:
            return
        if mark in asked:
            raise malformed(f"{client.where}{arguments.path}", "các trang quay vòng: trang tiếp theo đã đọc rồi")
        asked.add(mark)
        if paging.style == "link":
            path, query = str(answer.url.join(mark)), {}
    if paging:
        raise malformed(f"{client.where}{arguments.path}", f"hơn {paging.max_pages:,} trang mà chưa hết")


def _chunk(records: list[Any], request: Request, arguments: Read, call: str) -> Chunk:
    names = [c.source_name for c in request.table.columns]
    columns: dict[str, list[str | None]] = {name: [] for name in names}
    for number, record in enumerate(records, 1):
        source = dig(record, arguments.html_in) if arguments.html_in else None
        for name in names:
            if name == arguments.row_number_as:
                value: Any = str(number)
            elif name in arguments.html:
                found = re.search(arguments.html[name], source or "", re.DOTALL)
                value = html.unescape(found[1]).strip() if found else None
            else:
                value = dig(record, name)
            columns[name].append(as_text(value))
    return Chunk(text_batch(columns), [f"{arguments.path}@{call}.{i}" for i in range(1, len(records) + 1)])
