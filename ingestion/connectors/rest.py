"""REST feeds: JSON records, paged, with a login, bounded in rate.

Numbers keep the digits they were printed with, HTML inside values is read by a declared regular expression, nested keys are
addressed by dots (`properties.popupInfo`, `geometry.coordinates.0`). A page that breaks off fails the whole extract: nothing
half is landed. A record that is no object is a row without values whose text the contract refuses; an answer that is one
object without any declared column is an error message, and refuses the pull.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count, islice, product
from typing import Any, Literal
from zoneinfo import ZoneInfo

import httpx
from pydantic import Field, model_validator

from ingestion.connectors import Arguments, Chunk, Request, SeenFile
from ingestion.connectors._duckdb import malformed
from ingestion.connectors._http import Client, Http
from ingestion.connectors._places import text_batch
from ingestion.connectors._records import as_text, dig, dumps
from ingestion.model import SURPLUS
from warehouse.errors import Fault

Connection = Http
BATCH_ROWS = 50_000


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
        default=None,
        description="JSON path of the number of records; without it the last page is the first that is shorter than page one",
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


class Split(Arguments):
    """Fields that are parallel lists in one text (`1.2,1.3`): each place becomes a row, the other fields repeat. Lists of
    different lengths stay one row, which the contract refuses."""

    columns: list[str] = Field(min_length=1, description="the fields")
    by: str = Field(default=",", min_length=1, description="what stands between two values")


class Read(Arguments):
    """`form` and `query` values may hold `${since}`, `${until}`, `${hour}` (local `yyyy-MM-dd HH:mm:ss`) and the names of `each`."""

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
    each: dict[str, list[str]] = Field(
        default_factory=dict,
        description="name → values: one call for each value, as ${name}; a column from that name takes the value",
    )
    hours_back: int | None = Field(default=None, description="how far ${since} reaches back on a first pull")
    conditional: bool = Field(
        default=False,
        description="ask with the ETag of the last pull; an unchanged document is not read again (not for pages)",
    )
    html: dict[str, re.Pattern[str]] = Field(
        default_factory=dict, description="column → regular expression; its first group is the value"
    )
    html_in: str | None = Field(
        default=None,
        description="the field that `html` looks in; without it each column's own, which stays as it is where nothing is found",
    )
    keep: dict[str, re.Pattern[str]] = Field(
        default_factory=dict,
        description="field → regular expression; a record whose field says something else is somebody else's: left out and counted",
    )
    split: Split | None = None
    without_year: dict[str, str] = Field(
        default_factory=dict,
        description="column → strptime form of a day without a year (`%Hh %d/%m`); it gets the year that brings it nearest to the pull",
    )
    row_number_as: str | None = Field(default=None, description="a column that numbers records alike within one call")

    @model_validator(mode="after")
    def _fits_together(self) -> Read:
        if self.conditional and (self.method == "POST" or self.paging or self.window or self.each):
            raise ValueError("conditional asks for one document by GET: no form, paging, window or each")
        if without := [name for name, pattern in self.html.items() if not pattern.groups]:
            raise ValueError(f"html: the expression of {', '.join(without)} has no group")
        return self


def columns(request: Request) -> list[str] | None:
    return None


def read(request: Request) -> Iterator[Chunk]:
    connection = Connection.model_validate(request.source.connector.arguments)
    arguments = Read.model_validate(request.table.read)
    with Client(request, connection) as client:
        if arguments.conditional:
            yield from _if_changed(client, request, arguments)
            return
        for moment, chosen in product(_moments(request, arguments), _choices(arguments)):
            values = _placeholders(request, arguments, moment) | chosen
            call = ",".join([f"{moment:%Y%m%dT%H}", *(f"{k}={v}" for k, v in chosen.items())])
            for page, records in enumerate(_pages(client, request, arguments, values), 1):
                yield from _chunks(records, request, arguments, chosen, f"{call}#{page}")


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
    records = _records(client, request, arguments, _body(client, answer))
    yield from _chunks(records, request, arguments, {}, f"{request.now:%Y%m%dT%H}")
    if mark:
        yield Chunk(text_batch({}), [], [SeenFile(arguments.path, len(answer.content), mark)])


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


def _choices(arguments: Read) -> list[dict[str, str]]:
    """The values of `each` that one call after the other takes; one empty choice without it."""
    return [dict(zip(arguments.each, values, strict=True)) for values in product(*arguments.each.values())]


def _placeholders(request: Request, arguments: Read, moment: datetime) -> dict[str, str]:
    back = timedelta(hours=arguments.hours_back or 24)
    since = datetime.fromisoformat(request.since) if request.since else request.now - back
    until = datetime.fromisoformat(request.until) if request.until else request.now
    times = {"hour": moment, "since": _local(request, since), "until": _local(request, until)}
    return {name: f"{value:%Y-%m-%d %H:%M:%S}" for name, value in times.items()}


def _filled(template: dict[str, str], values: dict[str, str]) -> dict[str, str]:
    return {k: re.sub(r"\$\{(\w+)\}", lambda m: values.get(m[1], m[0]), v) for k, v in template.items()}


def _body(client: Client, answer: httpx.Response) -> Any:
    """The document of an answer; an empty list where the server says that it has none (204)."""
    return [] if answer.status_code == 204 else client.json(answer)


def _records(client: Client, request: Request, arguments: Read, body: Any) -> list[Any]:
    if body == []:  # also where an object was expected: some languages write an empty one so
        return []
    records = dig(body, arguments.records) if arguments.records else body
    where = f"{client.where}{arguments.path}"
    if isinstance(records, dict):
        if all(dig(records, field) is None for field in _fields(request, arguments)):
            raise malformed(where, f"trả về một đối tượng không có cột nào đã khai báo ({_keys(records)})")
        return [records]
    if not isinstance(records, list):
        raise malformed(where, f"không có danh sách ở “{arguments.records}”, chỉ có {_keys(body)}")
    return records


def _fields(request: Request, arguments: Read) -> list[str]:
    """The fields of a record that the declared columns are made of."""
    in_html = arguments.html if arguments.html_in else {}
    own = [c.source_name for c in request.table.columns if c.source_name not in in_html]
    return [*own, *([arguments.html_in] if arguments.html_in else [])]


def _keys(body: Any) -> str:
    """What there is instead; keys only, for a value may be a secret."""
    return ", ".join(map(str, islice(body, 12))) if isinstance(body, dict) else type(body).__name__


#: One call: path and paging parameters → answer, its document, its records.
Ask = Callable[[str, dict[str, str]], tuple[httpx.Response, Any, list[Any]]]


def _pages(client: Client, request: Request, arguments: Read, values: dict[str, str]) -> Iterator[list[Any]]:
    """The records of each page. Raises `Fault` IOC-206 for a feed whose pages go round in a circle or never end."""
    query, form = _filled(arguments.query, values), _filled(arguments.form, values)

    def ask(path: str, at: dict[str, str]) -> tuple[httpx.Response, Any, list[Any]]:
        asked = query if path == arguments.path else {}  # a followed address has its own query
        in_query, in_form = (asked, form | at) if arguments.method == "POST" else (asked | at, form)
        answer = client.call(path, in_query, method=arguments.method, form=in_form)
        body = _body(client, answer)
        return answer, body, _records(client, request, arguments, body)

    paging, where = arguments.paging, f"{client.where}{arguments.path}"
    if paging is None:
        yield ask(arguments.path, {})[2]
        return
    if paging.style in ("page", "offset"):
        pages = _numbered(ask, arguments.path, paging, where)
    else:
        pages = _linked(ask, client, arguments.path, paging, where)
    yield from islice(pages, paging.max_pages)
    if next(pages, None) is not None:
        raise malformed(where, f"hơn {paging.max_pages:,} trang mà chưa hết")


def _numbered(ask: Ask, path: str, paging: Paging, where: str) -> Iterator[list[Any]]:
    """Pages by number or offset. Raises `Fault` IOC-204 for a feed that shrinks while it is read: a record that moved up to a
    page already read would be lost; IOC-206 where the same page comes again."""
    came = first = promised = 0
    before: list[Any] = []
    for page in count():
        at = came if paging.style == "offset" else paging.first + page
        _, body, records = ask(path, {paging.size_param: str(paging.size), paging.page_param: str(at)})
        if records and records == before:
            raise malformed(where, f"trang {page + 1} giống hệt trang trước: máy chủ không chia trang như khai báo")
        came, before, first = came + len(records), records, first or len(records)
        total = _total(body, paging, where)
        if total is not None and (total < promised or (not records and came < total)):
            raise _moved(where, max(promised, total), came)
        promised = total or 0
        yield records
        # A server may cap the page at fewer records than asked for, so a short first page need not be the last.
        if not records or (came >= total if total is not None else len(records) < first):
            return


def _linked(ask: Ask, client: Client, path: str, paging: Paging, where: str) -> Iterator[list[Any]]:
    """Pages of which each names the next, by a cursor or an address."""
    at = {paging.size_param: str(paging.size)} if paging.style == "cursor" else {}
    asked: set[str] = set()
    while True:
        answer, body, records = ask(path, at)
        yield records
        mark = as_text(dig(body, paging.next)) if paging.next else answer.links.get("next", {}).get("url")
        if not mark:
            return
        if mark in asked:
            raise malformed(where, "các trang quay vòng: trang tiếp theo đã đọc rồi")
        asked.add(mark)
        if paging.style == "cursor":
            at[paging.page_param] = mark
        else:
            path = client.following(answer, mark)


def _total(body: Any, paging: Paging, where: str) -> int | None:
    if paging.total is None or body == []:
        return None
    found = as_text(dig(body, paging.total)) or ""
    if not re.fullmatch("[0-9]{1,15}", found):
        raise malformed(where, f"“{paging.total}” không phải là số bản ghi")
    return int(found)


def _moved(where: str, promised: int, came: int) -> Fault:
    return Fault(
        "IOC-204",
        f"{where} đổi trong lúc đọc: lúc đầu {promised} bản ghi, nay ít hơn; đã đọc {came}.",
        f"{where} changed while it was read: {promised} records at first, now fewer; {came} came.",
        fix="kéo lại; nếu vẫn vậy, hỏi chủ nguồn",
    )


def _chunks(
    records: list[Any], request: Request, arguments: Read, chosen: dict[str, str], call: str
) -> Iterator[Chunk]:
    """The rows of one page. `chosen` are the values of `each`, `call` names the call in the rows' references."""
    left_out: Counter[str] = Counter()
    rows = _rows(records, arguments, f"{arguments.path}@{call}", left_out)
    now = _local(request, request.now).replace(tzinfo=None)
    names = [c.source_name for c in request.table.columns]
    while some := list(islice(rows, BATCH_ROWS)):
        columns: dict[str, list[str | None]] = {name: [] for name in names}
        for number, _, record in some:
            known = chosen | ({arguments.row_number_as: str(number)} if arguments.row_number_as else {})
            for name in names:
                columns[name].append(known[name] if name in known else _value(record, name, arguments, now))
        strange = [None if isinstance(record, dict) else dumps(record) for _, _, record in some]
        if any(strange):
            columns[SURPLUS] = strange
        yield Chunk(text_batch(columns), [ref for _, ref, _ in some])
    if +left_out:
        yield Chunk(text_batch({}), [], left_out=dict(+left_out))


def _rows(records: list[Any], arguments: Read, call: str, left_out: Counter[str]) -> Iterator[tuple[int, str, Any]]:
    """Number of the record, reference, and the record or a part of it."""
    for number, record in enumerate(records, 1):
        foreign = next((f for f, pattern in arguments.keep.items() if _says_otherwise(record, f, pattern)), None)
        if foreign:
            left_out[f"{foreign} khác với keep"] += 1
        elif arguments.split and isinstance(record, dict):
            parts = _parts(record, arguments.split)
            left_out["danh sách của split trống"] += not parts
            for place, part in enumerate(parts, 1):
                yield number, f"{call}.{number}.{place}", part
        else:
            yield number, f"{call}.{number}", record


def _says_otherwise(record: Any, field: str, pattern: re.Pattern[str]) -> bool:
    """A record that does not say at all whose it is, is kept: the contract judges it."""
    found = as_text(dig(record, field))
    return bool(found) and not pattern.search(found or "")


def _parts(record: dict[str, Any], split: Split) -> list[dict[str, Any]]:
    """The record once for each place of its lists; places that are empty in all of them are none."""
    texts = {name: dig(record, name) for name in split.columns}
    lists = [t if isinstance(t, list) else (as_text(t) or "").split(split.by) for t in texts.values()]
    if len({len(one) for one in lists}) > 1:
        return [record]
    rows = [row for row in zip(*lists, strict=True) if any(as_text(cell) for cell in row)]
    return [record | dict(zip(split.columns, row, strict=True)) for row in rows]


def _value(record: Any, name: str, arguments: Read, now: datetime) -> str | None:
    pattern = arguments.html.get(name)
    if pattern is None:
        value = as_text(dig(record, name))
    else:
        value = as_text(dig(record, arguments.html_in or name))
        if found := pattern.search(value or ""):
            value = html.unescape(found[1] or "").strip()
        elif arguments.html_in:
            value = None
    return _with_year(value, arguments.without_year[name], now) if value and name in arguments.without_year else value


def _with_year(text: str, form: str, now: datetime) -> str:
    """A day without a year as `yyyy-MM-dd HH:mm:ss`, in the year that brings it nearest to `now` (both local): right for
    what is half a year late, and for forecasts. A text that is no such day stays, and the contract refuses it."""
    bare = " ".join(text.replace("\\n", " ").split())
    days = []
    for year in (now.year - 1, now.year, now.year + 1):
        with suppress(ValueError):  # 29/02 in a year that has none
            days.append(datetime.strptime(f"{year} {bare}", f"%Y {form}"))
    nearest = min(days, key=lambda day: abs(day - now), default=None)
    return f"{nearest:%Y-%m-%d %H:%M:%S}" if nearest and abs(nearest - now) < timedelta(days=184) else text
