"""REST feeds: JSON records, paged, with a bearer token, bounded in rate.

Numbers keep the digits they were printed with (floats are parsed as text), HTML inside values is read by a declared
regular expression, nested keys are addressed by dots (`properties.popupInfo`). Refused credentials are tried once more and
no oftener; 429 is waited for as told; 5xx and broken connections are retried with jitter.
"""

from __future__ import annotations

import html
import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

import httpx
from pydantic import Field
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from ingestion.connectors import Arguments, Chunk, Request, resolve
from ingestion.connectors._duckdb import down, malformed, refused
from ingestion.connectors._places import text_batch
from ingestion.connectors._records import as_text, dig, parse
from warehouse.errors import Fault


class Connection(Arguments):
    base_url: str
    token: dict[str, str] | None = None
    rate_per_second: float = 10.0
    timeout_seconds: float = 20.0
    headers: dict[str, str] = Field(default_factory=dict)


class Paging(Arguments):
    """Pages counted from 1. `total` is the JSON path of the number of records; without it the first short page is the last."""

    style: Literal["page"] = "page"
    page_param: str = "page"
    size_param: str = "size"
    size: int = 500
    total: str | None = None


class Window(Arguments):
    """A feed asked hour by hour: from the watermark, at most `hours_back` into the past, each `step_hours` a call."""

    hours_back: int
    step_hours: int = 1


class Read(Arguments):
    """`form` and `query` values may hold `${since}`, `${until}` and `${hour}` (local `yyyy-MM-dd HH:mm:ss`)."""

    method: Literal["GET", "POST"] = "GET"
    path: str
    form: dict[str, str] = Field(default_factory=dict)
    query: dict[str, str] = Field(default_factory=dict)
    records: str = Field(default="", description="JSON path of the list of records; empty: the document itself")
    paging: Paging | None = None
    window: Window | None = None
    hours_back: int | None = Field(default=None, description="how far ${since} reaches back on a first pull")
    html: dict[str, str] = Field(
        default_factory=dict, description="column → regular expression; its first group is the value"
    )
    html_in: str | None = Field(default=None, description="the field that holds the HTML")
    row_number_as: str | None = Field(default=None, description="a column that numbers records alike within one call")


class _Busy(Exception):
    """The server asks us to come back later."""


def columns(request: Request) -> list[str] | None:
    return None


def read(request: Request) -> Iterator[Chunk]:
    connection = Connection.model_validate(request.source.connector.arguments)
    arguments = Read.model_validate(request.table.read)
    with _Client(request, connection) as client:
        for moment in _moments(request, arguments):
            values = _placeholders(request, arguments, moment)
            for page, records in enumerate(_pages(client, arguments, values), 1):
                if records:
                    yield _chunk(records, request, arguments, f"{moment:%Y%m%dT%H}#{page}")


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


def _pages(client: _Client, arguments: Read, values: dict[str, str]) -> Iterator[list[Any]]:
    query, form = _filled(arguments.query, values), _filled(arguments.form, values)
    page, came = 1, 0
    while True:
        target = form if arguments.method == "POST" else query
        if arguments.paging:
            target |= {arguments.paging.page_param: str(page), arguments.paging.size_param: str(arguments.paging.size)}
        body = client.call(arguments.method, arguments.path, query, form)
        records = dig(body, arguments.records) if arguments.records else body
        if not isinstance(records, list):
            raise malformed(f"{client.where}{arguments.path}", f"không có danh sách ở “{arguments.records}”")
        yield records
        came += len(records)
        if arguments.paging is None or not records:
            return
        total = dig(body, arguments.paging.total) if arguments.paging.total else None
        if (came >= int(total)) if total is not None else len(records) < arguments.paging.size:
            return
        page += 1


def _chunk(records: list[Any], request: Request, arguments: Read, call: str) -> Chunk:
    names = [c.source_name for c in request.table.columns]
    columns: dict[str, list[str | None]] = {name: [] for name in names}
    for number, record in enumerate(records, 1):
        source = dig(record, arguments.html_in) if arguments.html_in else None
        for name in names:
            if name == arguments.row_number_as:
                value: Any = number
            elif name in arguments.html:
                found = re.search(arguments.html[name], source or "", re.DOTALL)
                value = html.unescape(found[1]).strip() if found else None
            else:
                value = dig(record, name)
            columns[name].append(as_text(value))
    return Chunk(text_batch(columns), [f"{arguments.path}@{call}.{i}" for i in range(1, len(records) + 1)])


class _Client:
    """One HTTP client a pull, with the source's token, pace and patience."""

    def __init__(self, request: Request, connection: Connection) -> None:
        self._request, self._pause = request, 1.0 / connection.rate_per_second
        try:
            self.where = resolve(connection.base_url)
            token = resolve(connection.token) if connection.token else None
        except KeyError as missing:
            raise down(
                f"REST {connection.base_url}",
                f"{missing.args[0]} is not set",
                f"đặt biến môi trường hoặc tệp bí mật {missing.args[0]}",
            ) from None
        headers = connection.headers | ({"Authorization": f"Bearer {token}"} if token else {})
        self._client = httpx.Client(base_url=self.where, headers=headers, timeout=connection.timeout_seconds)

    def __enter__(self) -> _Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def call(self, method: str, path: str, query: dict[str, str], form: dict[str, str]) -> Any:
        """The JSON document of one call. Raises `Fault` 201 (down), 202 (refused), 203 (too slow), 206 (no JSON)."""
        patience = Retrying(
            retry=retry_if_exception_type((httpx.TransportError, _Busy)),
            stop=stop_after_attempt(4),
            wait=wait_random_exponential(0.2, max=5),
            reraise=True,
        )
        try:
            response = patience(self._once, method, path, query, form)
        except httpx.TimeoutException:
            raise Fault(
                "IOC-203",
                f"{self.where} trả lời quá chậm.",
                f"{self.where} answers too slowly.",
                fix=f"./ioc source pull {self._request.source.id}",
            ) from None
        except (httpx.TransportError, _Busy) as error:
            raise down(
                self.where,
                str(error) or type(error).__name__,
                f"kiểm tra máy chủ, rồi ./ioc source pull {self._request.source.id}",
            ) from None
        try:
            return parse(response.content)
        except (ValueError, RecursionError) as error:
            raise malformed(f"{self.where}{path}", f"không phải JSON ({error})") from None

    def _once(self, method: str, path: str, query: dict[str, str], form: dict[str, str]) -> httpx.Response:
        time.sleep(self._pause)
        response = self._client.request(method, path, params=query or None, data=form or None)
        if response.status_code in (401, 403):
            raise refused(self.where, "token")
        if response.status_code == 429 or response.status_code >= 500:
            time.sleep(min(float(response.headers.get("Retry-After", 0) or 0), 30))
            raise _Busy(f"HTTP {response.status_code}")
        if response.status_code >= 400:
            raise malformed(f"{self.where}{path}", f"HTTP {response.status_code}")
        return response
