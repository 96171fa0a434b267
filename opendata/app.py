"""The service: files and a read-only API for everybody. It holds no session and no secret, and opens nothing but open files.

Each answer is of one build: the link is resolved once a request, a `next` address names the build that it goes on in. A request
opens one Parquet file, in an empty database that can open nothing else; values are bound, columns come from the dataset's own list.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
import threading
from collections.abc import Awaitable, Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

import duckdb
from fastapi import FastAPI, Query, Request, Response
from fastapi import Path as InPath
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse
from pydantic import BaseModel
from slowapi import Limiter
from slowapi.errors import RateLimitExceeded
from slowapi.middleware import SlowAPIMiddleware
from slowapi.util import get_remote_address
from starlette.exceptions import HTTPException

from opendata import describe, publish
from opendata.publish import folder
from warehouse import connect
from warehouse.connect import quote

BUILD_ID = r"^\d{8}T\d{12}-[0-9a-f]{4}$"
FILTER = r"^[a-z][a-z0-9_]{0,62}:(eq|ne|lt|le|gt|ge|in|null):[^\x00]{0,200}$"
#: The burst first: what it refuses does not count towards the minute.
RATE = ("10/second", "60/minute")
UNITS = {"second": "giây", "minute": "phút", "hour": "giờ", "day": "ngày"}
SECONDS, AT_ONCE, WAIT_SECONDS = 5.0, 4, 5.0
ROWS = "r"
_STYLE = base64.b64encode(hashlib.sha256(describe.STYLE.encode()).digest()).decode()
#: Everybody may read this from any page: it holds no session, so another site's script learns nothing that its reader may not.
HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
OPERATORS = {"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
DUCK = {"string": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN", "date": "DATE", "timestamp": "TIMESTAMPTZ"}  # fmt: skip


# --- what is answered --------------------------------------------------------------------------------------------------


class Problem(BaseModel):
    """RFC 9457; `title` and `detail` in Vietnamese, beside them in English. `code` is for `ioc explain`."""

    type: str = "about:blank"
    title: str
    title_en: str
    status: int
    detail: str
    detail_en: str
    code: str
    instance: str


class Build(BaseModel):
    build_id: str
    built_at: str
    published_at: str
    is_current: bool
    current_build_id: str
    is_demo: bool


class Licence(BaseModel):
    id: str
    vi: str
    en: str
    url: str


class Source(BaseModel):
    source_id: str
    title_vi: str | None
    title_en: str | None
    owner_agency: str | None
    legal_basis: str | None
    is_made_up: bool


class ColumnSaid(BaseModel):
    name: str
    type: Literal["string", "integer", "number", "boolean", "date", "timestamp"]
    vi: str
    en: str


class File(BaseModel):
    name: str
    bytes: int
    sha256: str
    media_type: str
    url: str


class Dataset(BaseModel):
    id: str
    title_vi: str
    title_en: str
    description_vi: str
    description_en: str
    licence: Licence
    attribution: str
    theme: str
    frequency: str
    sources: list[Source]
    years: list[int] | None
    key: list[str]
    columns: list[ColumnSaid]
    rows: int
    is_made_up: bool
    is_suppressible: bool
    suppressed_rows: int
    held_vi: str | None
    modified: str
    files: dict[str, File]


class Datasets(BaseModel):
    build: Build
    is_made_up: bool
    datasets: list[Dataset]


class OneDataset(BaseModel):
    build: Build
    is_made_up: bool
    dataset: Dataset


class Rows(BaseModel):
    """`rows` hold the asked columns; `total` counts what fits the filters; `next` continues in the same build, or is null."""

    build: Build
    dataset: str
    licence: Licence
    attribution: str
    is_made_up: bool
    held_vi: str | None
    total: int
    limit: int
    offset: int
    next: str | None
    rows: list[dict[str, Any]]


class OneIndicator(BaseModel):
    build: Build
    licence: Licence
    is_made_up: bool
    indicator: dict[str, Any]
    norms: list[dict[str, Any]]


class Health(BaseModel):
    status: Literal["ok"]
    build_id: str


class Trouble(Exception):
    """What a reader is told instead of an answer."""

    def __init__(
        self, status: int, code: str, title: tuple[str, str], detail: tuple[str, str], retry_after: int | None = None
    ) -> None:
        self.status, self.code, self.title, self.detail, self.retry_after = status, code, title, detail, retry_after


TITLES = {
    404: ("Không có", "Not found"), 405: ("Chỉ đọc", "Read only"), 410: ("Bản dựng không còn giữ", "The build is no longer kept"), 422: ("Câu hỏi sai", "The request is wrong"),
    429: ("Hỏi quá nhanh", "Too many requests"), 500: ("Lỗi của máy chủ", "The server failed"), 503: ("Chưa trả lời được", "Cannot answer now"),
}  # fmt: skip
_problems: dict[int | str, dict[str, Any]] = {
    status: {"description": f"{vi} · {en}", "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    for status, (vi, en) in TITLES.items() if status in (404, 410, 422, 429, 503)
}  # fmt: skip


def trouble(status: int, code: str, vi: str, en: str, retry_after: int | None = None) -> Trouble:
    return Trouble(status, code, TITLES[status], (vi, en), retry_after)


def _problem(request: Request, one: Trouble) -> JSONResponse:
    body = Problem(title=one.title[0], title_en=one.title[1], status=one.status, detail=one.detail[0], detail_en=one.detail[1], code=one.code, instance=request.url.path)  # fmt: skip
    headers = {"Retry-After": str(one.retry_after)} if one.retry_after else {}
    return JSONResponse(body.model_dump(), one.status, headers | {"Cache-Control": "no-store"}, media_type="application/problem+json")  # fmt: skip


# --- one build a request -----------------------------------------------------------------------------------------------


class Reading:
    """The build that a request reads, and what `datasets.json` says of it."""

    def __init__(self, build_id: str | None) -> None:
        newest = publish.current()
        if newest is None:
            raise trouble(503, "IOC-531", "Chưa công bố dữ liệu mở lần nào.", "No open data were published yet.", 60)
        self.build_id = build_id or newest
        try:
            if not re.match(BUILD_ID, self.build_id):
                raise FileNotFoundError
            self.body = publish.read(self.build_id)
        except FileNotFoundError:
            raise trouble(
                410, "IOC-532",
                f"Bản {self.build_id} không còn được giữ. Bỏ tham số build và đọc lại từ đầu: bản hiện hành là {newest}, các trang đã đọc thuộc bản khác.",
                f"Build {self.build_id} is no longer kept. Leave out build and begin again: the current one is {newest}, and pages read before are of another.",
            ) from None  # fmt: skip
        self.build = Build(**{k: self.body[k] for k in ("build_id", "built_at", "published_at", "is_demo")}, is_current=self.build_id == newest, current_build_id=newest)  # fmt: skip
        self.datasets: dict[str, dict[str, Any]] = {d["id"]: d for d in self.body["datasets"]}

    @property
    def is_made_up(self) -> bool:
        return any(d["is_made_up"] for d in self.datasets.values())

    def dataset(self, dataset_id: str) -> dict[str, Any]:
        if dataset_id not in self.datasets:
            raise trouble(404, "IOC-533", f"Không có bộ dữ liệu mở “{dataset_id}”. Có: {', '.join(self.datasets)}.",
                          f"There is no open dataset “{dataset_id}”. There are: {', '.join(self.datasets)}.")  # fmt: skip
        return self.datasets[dataset_id]

    def file(self, name: str) -> tuple[Path, dict[str, Any]]:
        """The file of that name among those that `datasets.json` lists, so that no path can be asked for."""
        for dataset in self.datasets.values():
            for file in dataset["files"].values():
                if file["name"] == name:
                    return folder() / self.build_id / "files" / name, file
        raise trouble(404, "IOC-533", "Không có tệp này.", "There is no such file.")


_running = threading.BoundedSemaphore(AT_ONCE)


@contextlib.contextmanager
def asking(reading: Reading, dataset_id: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that sees the rows of one dataset as `r`, for at most `SECONDS`; at most `AT_ONCE` at a time."""
    path = folder() / reading.build_id / "files" / reading.dataset(dataset_id)["files"]["parquet"]["name"]
    if not _running.acquire(timeout=WAIT_SECONDS):
        raise trouble(503, "IOC-534", "Nhiều người đang hỏi cùng lúc; thử lại sau vài giây.", "Too many questions at once; try again in a few seconds.", 5)  # fmt: skip
    try:
        with connect.parquet(path, ROWS) as con:
            alarm = threading.Timer(SECONDS, con.interrupt)
            alarm.start()
            try:
                yield con
            except (duckdb.InterruptException, duckdb.OutOfMemoryException):
                raise trouble(503, "IOC-535", f"Câu hỏi cần hơn {SECONDS:.0f} giây hoặc quá nhiều bộ nhớ nên bị dừng; thêm điều kiện lọc, hoặc tải tệp Parquet.",
                              f"The question needed more than {SECONDS:.0f} s or too much memory and was stopped; add a filter, or take the Parquet file.", 5) from None  # fmt: skip
            except (duckdb.ConversionException, duckdb.InvalidInputException) as error:
                raise trouble(422, "IOC-536", f"Giá trị lọc không đúng kiểu của cột: {_first_line(error)}", f"A value does not fit its column: {_first_line(error)}") from None  # fmt: skip
            finally:
                alarm.cancel()
    except duckdb.IOException:
        raise trouble(410, "IOC-532", "Bản này vừa được dọn; đọc lại từ đầu.", "This build was just removed; begin again.") from None  # fmt: skip
    finally:
        _running.release()


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200]


def _conditions(dataset: dict[str, Any], filters: list[str]) -> tuple[list[str], list[Any]]:
    """SQL with places, and their values. Raises 422 for a column that the dataset does not have."""
    types = {c["name"]: c["type"] for c in dataset["columns"]}
    parts: list[str] = []
    values: list[Any] = []
    for one in filters:
        name, operator, value = one.split(":", 2)
        _known(dataset, types, name)
        column, place = quote(name), f"?::{DUCK[types[name]]}"
        if operator == "null":
            if value not in ("true", "false"):
                raise trouble(422, "IOC-536", f"{name}:null: cần true hoặc false.", f"{name}:null: needs true or false.")  # fmt: skip
            parts.append(f"{column} IS {'NULL' if value == 'true' else 'NOT NULL'}")
        elif operator == "in":
            listed = value.split(",")
            parts.append(f"{column} IN ({', '.join([place] * len(listed))})")
            values += listed
        else:
            parts.append(f"{column} {OPERATORS[operator]} {place}")
            values.append(value)
    return parts, values


def _known(dataset: dict[str, Any], types: dict[str, str], name: str) -> None:
    if name not in types:
        raise trouble(422, "IOC-536", f"Bộ {dataset['id']} không có cột “{name}”. Có: {', '.join(types)}.",
                      f"{dataset['id']} has no column “{name}”. It has: {', '.join(types)}.")  # fmt: skip


def _rows(
    request: Request, reading: Reading, dataset_id: str, parts: list[str], values: list[Any], *,
    columns: list[str] | None = None, sort: str | None = None, limit: int, offset: int,
) -> dict[str, Any]:  # fmt: skip
    dataset = reading.dataset(dataset_id)
    types = {c["name"]: c["type"] for c in dataset["columns"]}
    chosen = columns or list(types)
    for name in (*chosen, *([sort.removeprefix("-")] if sort else [])):
        _known(dataset, types, name)
    where = f"WHERE {' AND '.join(parts)}" if parts else ""
    order = [f"{quote(sort.removeprefix('-'))} {'DESC' if sort.startswith('-') else 'ASC'} NULLS LAST"] if sort else []
    order += map(quote, dataset["key"])  # the key at the end: two rows never stand in two orders
    with asking(reading, dataset_id) as con:
        total = con.execute(f"SELECT count(*) FROM {ROWS} {where}", values).fetchall()[0][0]
        cursor = con.execute(f"SELECT {', '.join(map(quote, chosen))} FROM {ROWS} {where} ORDER BY {', '.join(order)} LIMIT {limit} OFFSET {offset}", values)  # fmt: skip
        rows = [dict(zip(chosen, map(_told, row), strict=True)) for row in cursor.fetchall()]
    return {
        "build": reading.build, "dataset": dataset_id, "licence": dataset["licence"], "attribution": dataset["attribution"], "is_made_up": dataset["is_made_up"],
        "held_vi": dataset["held_vi"], "total": total, "limit": limit, "offset": offset, "rows": rows,
        "next": _next(request, reading.build_id, limit, offset) if offset + limit < total else None,
    }  # fmt: skip


def _next(request: Request, build_id: str, limit: int, offset: int) -> str:
    asked = [(k, v) for k, v in request.query_params.multi_items() if k not in ("build", "limit", "offset")]
    return f"{request.url.path}?{urlencode([*asked, ('limit', limit), ('offset', offset + limit), ('build', build_id)])}"  # fmt: skip


def _told(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime | date) else value


def _said(dataset: dict[str, Any], base: str = "") -> dict[str, Any]:
    files = {kind: file | {"url": f"{base}/files/{file['name']}"} for kind, file in dataset["files"].items()}
    return {k: v for k, v in dataset.items() if k != "fingerprint"} | {"files": files}


# --- the application ---------------------------------------------------------------------------------------------------

Asked = Annotated[
    str | None,
    Query(
        alias="build",
        pattern=BUILD_ID,
        description="Bản dựng cần đọc; bỏ trống là bản hiện hành. · Build to read; the current one without it.",
    ),
]
Limit = Annotated[int, Query(ge=1, le=1000, description="Nhiều nhất bao nhiêu dòng. · At most so many rows.")]
Offset = Annotated[int, Query(ge=0, le=10_000_000, description="Bỏ qua bao nhiêu dòng đầu. · Rows to pass over.")]
DatasetId = Annotated[str, InPath(pattern=r"^[a-z][a-z0-9-]{1,40}$", description="Mã bộ dữ liệu. · Id of the dataset.")]
Code = Annotated[str, InPath(pattern=r"^[A-Z]{2}\d{2}$", description="Mã chỉ tiêu. · Code of the indicator.")]
PeriodKey = Annotated[
    str | None,
    Query(
        pattern=r"^\d{4,10}$", description="Khóa kỳ: YYYY, YYYYQ, YYYYMM, YYYYMMDD, YYYYMMDDHH. · Key of the period."
    ),
]


def make(rate: tuple[str, ...] = RATE) -> FastAPI:
    """The application. `rate` are limits by address, as slowapi writes them; none leaves it unlimited."""
    app = FastAPI(
        title="Dữ liệu mở tỉnh Thanh Hóa · Open data of Thanh Hóa province", version="1.0.0", docs_url=None, redoc_url=None, openapi_url="/openapi.json",
        description="API chỉ đọc trên bản dựng đang phục vụ; không cần đăng nhập. · A read-only API over the served build; no sign-in.",
        responses=_problems, separate_input_output_schemas=False,
    )  # fmt: skip
    limiter = Limiter(key_func=get_remote_address, application_limits=list(rate), headers_enabled=False, enabled=bool(rate))  # fmt: skip
    app.state.limiter = limiter

    def too_fast(request: Request, error: Exception) -> Response:
        limit, keys = request.state.view_rate_limit
        reset, _ = limiter.limiter.get_window_stats(limit, *keys)
        seconds = max(1, round(reset - datetime.now().timestamp()))
        unit = limit.GRANULARITY.name
        return _problem(request, trouble(429, "IOC-537", f"Mỗi địa chỉ được hỏi {limit.amount} lần mỗi {UNITS.get(unit, unit)}; thử lại sau {seconds} giây, hoặc tải cả tệp CSV, Parquet.",
                                         f"An address may ask {limit.amount} times a {unit}; try again in {seconds} s, or take the whole CSV or Parquet file.", seconds))  # fmt: skip

    app.add_exception_handler(RateLimitExceeded, too_fast)
    app.add_middleware(SlowAPIMiddleware)
    app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["GET"], expose_headers=["ETag", "IOC-Build", "Link"])  # fmt: skip

    @app.middleware("http")
    async def _headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await call_next(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    @app.exception_handler(Trouble)
    def _trouble(request: Request, error: Trouble) -> Response:
        return _problem(request, error)

    @app.exception_handler(RequestValidationError)
    def _wrong(request: Request, error: RequestValidationError) -> Response:
        said = "; ".join(f"{'.'.join(map(str, e['loc'][1:]))}: {e['msg']}" for e in error.errors())
        return _problem(request, trouble(422, "IOC-536", f"Tham số sai: {said}", f"Wrong parameters: {said}"))

    @app.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> Response:
        status = error.status_code if error.status_code in TITLES else 500
        vi, en = ("Không có địa chỉ này; xem /docs.", "There is no such address; see /docs.") if status == 404 else ("API chỉ nhận GET.", "The API takes GET only.")  # fmt: skip
        answer = _problem(request, trouble(status, "IOC-533", vi, en))
        answer.headers.update(error.headers or {})
        return answer

    _pages(app, rate)
    _api(app, limiter)
    return app


def _in_words(rate: tuple[str, ...], lang: str) -> str:
    """`10/second` → `10 lần mỗi giây`."""
    words = []
    for one in rate:
        amount, unit = one.split("/")
        words.append(f"{amount} lần mỗi {UNITS.get(unit, unit)}" if lang == "vi" else f"{amount} times a {unit}")
    return ", ".join(words)


def _fresh(request: Request, response: Response, reading: Reading) -> None:
    """What every answer of the API says of its build; raises 304 by way of `Unchanged` when the reader has it already."""
    etag = f'"{reading.build_id}"'
    response.headers.update({"ETag": etag, "IOC-Build": reading.build_id, "Cache-Control": "public, max-age=60"})
    if etag in request.headers.get("if-none-match", "").replace("W/", ""):
        raise _Unchanged(response)


class _Unchanged(Exception):
    def __init__(self, response: Response) -> None:
        self.headers = dict(response.headers)


def _pages(app: FastAPI, rate: tuple[str, ...]) -> None:
    @app.exception_handler(_Unchanged)
    def _unchanged(request: Request, error: _Unchanged) -> Response:
        return Response(status_code=304, headers=error.headers)

    def still(request: Request, path: Path, etag: str, media_type: str) -> Response:
        headers = {"ETag": f'"{etag}"', "Cache-Control": "public, max-age=60"}
        if f'"{etag}"' in request.headers.get("if-none-match", "").replace("W/", ""):
            return Response(status_code=304, headers=headers)
        return FileResponse(path, headers=headers, media_type=media_type)

    def front(request: Request, name: str, media_type: str) -> Response:
        reading = Reading(None)
        answer = still(request, folder() / reading.build_id / name, reading.build_id, media_type)
        answer.headers["IOC-Build"] = reading.build_id
        return answer

    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    def index(request: Request) -> Response:
        return front(request, "index.html", "text/html; charset=utf-8")

    @app.api_route("/en.html", methods=["GET", "HEAD"], include_in_schema=False)
    def english(request: Request) -> Response:
        return front(request, "en.html", "text/html; charset=utf-8")

    @app.api_route("/catalog.jsonld", methods=["GET", "HEAD"], include_in_schema=False)
    def catalogue(request: Request) -> Response:
        return front(request, "catalog.jsonld", "application/ld+json")

    @app.api_route("/files/{name}", methods=["GET", "HEAD"], include_in_schema=False)
    def file(request: Request, name: str, build: Asked = None) -> Response:
        reading = Reading(build)
        path, said = reading.file(name)
        answer = still(request, path, said["sha256"], said["media_type"])
        answer.headers["IOC-Build"] = reading.build_id
        return answer

    @app.get("/docs", include_in_schema=False)
    def docs(lang: Literal["vi", "en"] = "vi") -> Response:
        return HTMLResponse(describe.render("docs.html", lang, spec=app.openapi(), rate=_in_words(rate, lang)), headers={"Cache-Control": "public, max-age=3600"})  # fmt: skip


def _api(app: FastAPI, limiter: Limiter) -> None:
    def get(path: str, model: type[BaseModel], vi: str, en: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        return app.get(path, response_model=model, summary=vi, description=en)

    @get("/health", Health, "Dịch vụ có trả lời không", "Whether the service answers")
    def health() -> Any:
        return {"status": "ok", "build_id": Reading(None).build_id}

    limiter.exempt(health)  # type: ignore[no-untyped-call]  # a watchman is no reader

    @get("/api/v1/build", Build, "Bản dựng đang đọc", "The build that is read")
    def build(request: Request, response: Response, build: Asked = None) -> Any:
        reading = Reading(build)
        _fresh(request, response, reading)
        return reading.build

    @get("/api/v1/datasets", Datasets, "Các bộ dữ liệu mở", "The open datasets")
    def datasets(request: Request, response: Response, build: Asked = None) -> Any:
        reading = Reading(build)
        _fresh(request, response, reading)
        return {"build": reading.build, "is_made_up": reading.is_made_up, "datasets": [_said(d) for d in reading.datasets.values()]}  # fmt: skip

    @get("/api/v1/datasets/{dataset_id}", OneDataset, "Một bộ dữ liệu: cột, khóa, giấy phép, tệp", "One dataset: columns, key, licence, files")  # fmt: skip
    def dataset(request: Request, response: Response, dataset_id: DatasetId, build: Asked = None) -> Any:
        reading = Reading(build)
        one = reading.dataset(dataset_id)
        _fresh(request, response, reading)
        return {"build": reading.build, "is_made_up": one["is_made_up"], "dataset": _said(one)}

    @get("/api/v1/datasets/{dataset_id}/rows", Rows, "Các dòng của một bộ dữ liệu", "Rows of a dataset")
    def rows(
        request: Request,
        response: Response,
        dataset_id: DatasetId,
        filter: Annotated[
            list[Annotated[str, Query(pattern=FILTER)]] | None,
            Query(
                max_length=10,
                description="Lọc cột:phép:giá trị, lặp lại được; phép là eq, ne, lt, le, gt, ge, in (cách nhau bằng dấu phẩy), null (true/false). "
                "· column:operator:value, may be repeated; operators eq, ne, lt, le, gt, ge, in (comma-separated), null (true/false).",
            ),
        ] = None,
        columns: Annotated[
            str | None,
            Query(pattern=r"^[a-z][a-z0-9_]*(,[a-z][a-z0-9_]*)*$", max_length=1000, description="Các cột, cách nhau bằng dấu phẩy. · Columns, separated by commas."),
        ] = None,
        sort: Annotated[
            str | None,
            Query(pattern=r"^-?[a-z][a-z0-9_]*$", max_length=64, description="Cột để xếp; dấu - là giảm dần. · Column to sort by; - for descending."),
        ] = None,
        limit: Limit = 100,
        offset: Offset = 0,
        build: Asked = None,
    ) -> Any:  # fmt: skip
        reading = Reading(build)
        parts, values = _conditions(reading.dataset(dataset_id), filter or [])
        _fresh(request, response, reading)
        return _rows(request, reading, dataset_id, parts, values, columns=columns.split(",") if columns else None, sort=sort, limit=limit, offset=offset)  # fmt: skip

    @get("/api/v1/indicators", Rows, "Danh mục chỉ tiêu", "The catalogue of indicators")
    def indicators(
        request: Request,
        response: Response,
        open: Annotated[bool | None, Query(description="true: chỉ chỉ tiêu có số liệu mở. · true: only those whose observations are open.")] = None,
        limit: Limit = 1000,
        offset: Offset = 0,
        build: Asked = None,
    ) -> Any:  # fmt: skip
        reading = Reading(build)
        _fresh(request, response, reading)
        parts, values = ([], []) if open is None else (["is_open = ?"], [open])
        return _rows(request, reading, "indicators", parts, values, limit=limit, offset=offset)

    @get("/api/v1/indicators/{code}", OneIndicator, "Một chỉ tiêu và ngưỡng của nó", "One indicator and its norms")
    def indicator(request: Request, response: Response, code: Code, build: Asked = None) -> Any:
        reading = Reading(build)
        found = _indicator(request, reading, code)
        _fresh(request, response, reading)
        norms = _rows(request, reading, "norms", ["indicator_code = ?"], [code], limit=1000, offset=0)
        return {"build": reading.build, "licence": found["licence"], "is_made_up": found["is_made_up"], "indicator": found["rows"][0], "norms": norms["rows"]}  # fmt: skip

    @get("/api/v1/observations", Rows, "Số liệu của một chỉ tiêu mở", "Observations of an open indicator")
    def observations(
        request: Request,
        response: Response,
        indicator: Annotated[str, Query(pattern=r"^[A-Z]{2}\d{2}$", description="Mã chỉ tiêu. · Code of the indicator.")],
        area: Annotated[str | None, Query(pattern=r"^(38|\d{5})$", description="Mã xã, hoặc 38 là toàn tỉnh. · Code of the commune, or 38 for the province.")] = None,
        since: Annotated[PeriodKey, Query(alias="from")] = None,
        until: Annotated[PeriodKey, Query(alias="to")] = None,
        limit: Limit = 100,
        offset: Offset = 0,
        build: Asked = None,
    ) -> Any:  # fmt: skip
        reading = Reading(build)
        closed = reading.body["closed_indicators"].get(indicator)
        if closed:
            raise trouble(404, "IOC-538", f"Số liệu của {indicator} chưa công bố mở: {closed['vi']}.", f"Observations of {indicator} are not open: {closed['en']}.")  # fmt: skip
        _indicator(request, reading, indicator)
        asked = {"indicator_code = ?": indicator, "area_code = ?": area, "period_key >= ?": since, "left(period_key, length(?)) <= ?": until}  # fmt: skip
        parts = [part for part, value in asked.items() if value is not None]
        values = [v for part, value in asked.items() if value is not None for v in [value] * part.count("?")]
        _fresh(request, response, reading)
        return _rows(request, reading, "observations", parts, values, limit=limit, offset=offset)

    @get("/api/v1/areas", Rows, "Đơn vị hành chính của hai thời kỳ", "Administrative units of both eras")
    def areas(
        request: Request,
        response: Response,
        level: Annotated[Literal["province", "district", "commune"] | None, Query(description="Cấp. · Level.")] = None,
        current: Annotated[bool | None, Query(description="true: đang hiệu lực. · true: in force.")] = None,
        parent: Annotated[str | None, Query(pattern=r"^\d{2,5}$", description="Mã cấp trên. · Code one level up.")] = None,
        limit: Limit = 1000,
        offset: Offset = 0,
        build: Asked = None,
    ) -> Any:  # fmt: skip
        reading = Reading(build)
        _fresh(request, response, reading)
        asked = {"level = ?": level, "is_current = ?": current, "parent_code = ?": parent}
        chosen = {part: value for part, value in asked.items() if value is not None}
        return _rows(request, reading, "areas", list(chosen), list(chosen.values()), limit=limit, offset=offset)


def _indicator(request: Request, reading: Reading, code: str) -> dict[str, Any]:
    """The row of the catalogue. Raises 404."""
    found = _rows(request, reading, "indicators", ["indicator_code = ?"], [code], limit=1, offset=0)
    if not found["rows"]:
        raise trouble(404, "IOC-533", f"Không có chỉ tiêu {code}; xem /api/v1/indicators.", f"There is no indicator {code}; see /api/v1/indicators.")  # fmt: skip
    return found
