"""What the connectors over HTTP share: one client a pull, with the source's login, pace and patience.

A login is shown to the declared server only: redirects and next pages that lead to another one are refused. Refused
credentials are not tried again (an OAuth token that ran out is fetched anew once); 429 and 503 are waited for as told, but not
for long; 5xx and broken connections are retried with jitter. Proxies of the environment are used, certificates are always
verified.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from pydantic import Field
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from ingestion.connectors import Arguments, Request, resolve
from ingestion.connectors._duckdb import down, malformed, refused
from ingestion.connectors._records import parse
from warehouse.errors import Fault

#: A server that tells us to come back later than this is down for this run; the next run comes anyway.
MAX_WAIT_SECONDS = 30
#: What httpx undoes. A body in another coding, which nobody asked for, would be read as noise.
CODINGS = {"", "identity", "gzip", "deflate"}
_jitter = wait_random_exponential(0.2, max=5)


class ApiKey(Arguments):
    secret: str = Field(description="name of the secret")
    header: str | None = Field(default=None, description="the header that carries the key")
    query: str | None = Field(default=None, description="the query parameter that carries the key")


class OAuth(Arguments):
    """OAuth 2 client credentials."""

    token_url: str = Field(description="where a token is asked for")
    client_id: str = Field(description="who we are")
    client_secret: dict[str, str] = Field(description="`{secret: NAME}`")
    scope: str = Field(default="", description="what we ask for")


class Http(Arguments):
    base_url: str = Field(description="address of the service, without a final slash")
    token: dict[str, str] | None = Field(default=None, description="`{secret: NAME}` of a bearer token")
    user: str = Field(default="", description="login of basic authentication")
    password: dict[str, str] | None = Field(default=None, description="`{secret: NAME}`")
    api_key: ApiKey | None = Field(default=None, description="a key in a header or in the query")
    oauth: OAuth | None = None
    headers: dict[str, str] = Field(default_factory=dict, description="further headers; no secrets")
    ca_file: str | None = Field(default=None, description="the authority that signed the server's certificate")
    rate_per_second: float = Field(default=10.0, description="at most this many calls a second")
    timeout_seconds: float = Field(default=20.0, description="of one answer")
    max_mb: int = Field(default=200, description="a larger answer is refused")


class _Busy(Exception):
    """The server asks us to come back later, perhaps after so many seconds."""

    def __init__(self, status: int, told: str = "") -> None:
        self.seconds = _seconds(told)
        super().__init__(f"HTTP {status}" + (f", Retry-After: {told}" if self.seconds else ""))


class _Expired(Exception):
    """An OAuth token ran out."""


class Client:
    def __init__(self, request: Request, declared: Http) -> None:
        self._source, self._declared, self._expires = request.source, declared, 0.0
        try:
            self.where = str(resolve(declared.base_url)).rstrip("/")
            token = resolve(declared.token) if declared.token else None
            login = httpx.BasicAuth(declared.user, resolve(declared.password) or "") if declared.user else None
            key = resolve({"secret": declared.api_key.secret}) if declared.api_key else ""
            self._secret = resolve(declared.oauth.client_secret) if declared.oauth else ""
        except KeyError as missing:
            raise down(
                f"{request.source.connector.kind.upper()} {declared.base_url}",
                f"{missing.args[0]} is not set",
                f"đặt biến môi trường hoặc tệp bí mật {missing.args[0]}",
            ) from None
        headers = dict(declared.headers) | ({"Authorization": f"Bearer {token}"} if token else {})
        self._query: dict[str, str] = {}
        if declared.api_key:
            (headers if declared.api_key.header else self._query)[
                declared.api_key.header or declared.api_key.query or "key"
            ] = key
        verify: Any = ssl.create_default_context(cafile=declared.ca_file)
        self._client = httpx.Client(auth=login, headers=headers, timeout=declared.timeout_seconds, verify=verify)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def json(self, answer: httpx.Response) -> Any:
        """The document of an answer, its numbers as printed. Raises `Fault` IOC-206."""
        try:
            return parse(answer.content.removeprefix(b"\xef\xbb\xbf"))
        except (ValueError, RecursionError) as error:
            said = answer.headers.get("content-type", "?").partition(";")[0]
            raise malformed(str(answer.url.copy_with(query=None)), f"không phải JSON mà là {said} ({error})") from None

    def following(self, answer: httpx.Response, link: str) -> str:
        """The address that a link in an answer means. Raises `Fault` IOC-206 when it is none."""
        try:
            return str(answer.url.join(link))
        except httpx.InvalidURL as error:
            raise malformed(self.where, f"địa chỉ trang tiếp theo sai ({error})") from None

    def call(
        self,
        path: str,
        query: Mapping[str, str] = {},
        *,
        method: str = "GET",
        form: Mapping[str, str] = {},
        headers: Mapping[str, str] = {},
    ) -> httpx.Response:
        """One call; `path` is below the base address, or a whole address of the same server. The answer may be 304 when
        `headers` asked for that. Raises `Fault` 201 (down), 202 (refused), 203 (too slow), 206 (no such thing, too large,
        or elsewhere)."""
        url = path if "://" in path else self.where + path
        if _server(url) != _server(self.where):
            raise malformed(self.where, f"trang tiếp theo dẫn sang máy chủ khác ({_server(url)[1]}): không theo")
        patience = Retrying(retry=retry_if_exception(_may_pass), stop=stop_after_attempt(4), wait=_pause, reraise=True)
        try:
            try:
                return patience(self._once, method, url, query, form, headers)
            except _Expired:
                self._expires = 0.0
                return patience(self._once, method, url, query, form, headers)
        except _Expired:
            raise refused(self.where, self._declared.oauth.client_id if self._declared.oauth else "token") from None
        except httpx.TimeoutException:
            raise Fault(
                "IOC-203",
                f"{self.where} trả lời quá chậm.",
                f"{self.where} answers too slowly.",
                fix=f"./ioc source pull {self._source.id}",
            ) from None
        except httpx.DecodingError as error:
            raise malformed(url.split("?")[0], f"thân trả lời nén hỏng ({error})") from None
        except (httpx.TransportError, _Busy) as error:
            again = f"kiểm tra máy chủ, rồi ./ioc source pull {self._source.id}"
            raise down(self.where, str(error) or type(error).__name__, again) from None

    def _once(
        self, method: str, url: str, query: Mapping[str, str], form: Mapping[str, str], headers: Mapping[str, str]
    ) -> httpx.Response:
        time.sleep(1.0 / self._declared.rate_per_second)
        self._log_in()
        given = (
            {"params": {**query, **self._query}} if query or self._query else {}
        )  # an address may have its own query
        with self._client.stream(method, url, data=form or None, headers=headers, **given) as answer:  # type: ignore[arg-type]
            status = answer.status_code
            if status == 401 and self._declared.oauth:
                raise _Expired
            if status in (401, 403):
                raise refused(self.where, self._declared.user or "token")
            if status == 429 or status >= 500:
                raise _Busy(status, answer.headers.get("Retry-After", ""))
            if status != 304 and status >= 300:
                raise malformed(url.split("?")[0], f"HTTP {status}" + (", dẫn đi nơi khác" if status < 400 else ""))
            coding = answer.headers.get("content-encoding", "")
            if not CODINGS.issuperset(part.strip().lower() for part in coding.split(",")):
                raise malformed(url.split("?")[0], f"thân trả lời mã hóa kiểu “{coding}” mà không ai yêu cầu")
            body, limit = bytearray(), self._declared.max_mb * 1_000_000
            for block in answer.iter_bytes():
                body += block
                if len(body) > limit:
                    raise malformed(
                        url.split("?")[0], f"trả về hơn {self._declared.max_mb} MB", "nâng max_mb, hoặc chia trang"
                    )
        # Decoded already, so the encoding must not be undone once more.
        kept = {k: v for k, v in answer.headers.items() if k.lower() not in ("content-encoding", "content-length")}
        return httpx.Response(status, headers=kept, content=bytes(body), request=answer.request)

    def _log_in(self) -> None:
        oauth = self._declared.oauth
        if oauth is None or time.monotonic() < self._expires:
            return
        form = {"grant_type": "client_credentials"} | ({"scope": oauth.scope} if oauth.scope else {})
        answer = self._client.post(oauth.token_url, data=form, auth=(oauth.client_id, self._secret))
        if answer.status_code in (400, 401, 403):
            raise refused(oauth.token_url, oauth.client_id)
        if answer.status_code >= 300:
            raise _Busy(answer.status_code)
        body = self.json(answer)
        if not isinstance(body, dict) or not isinstance(body.get("access_token"), str):
            raise malformed(oauth.token_url, "không trả access_token")
        # A tenth of its life early: the token must still hold when the call arrives.
        self._expires = time.monotonic() + 0.9 * float(body.get("expires_in", 300))
        self._client.headers["Authorization"] = f"Bearer {body['access_token']}"


def _server(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port as they are compared. Raises `Fault` IOC-206 for what is no address."""
    try:
        one = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise malformed(url.split("?")[0], f"không phải địa chỉ ({error})") from None
    return one.scheme, one.host, one.port


def _may_pass(error: BaseException) -> bool:
    """Whether a failed call is worth another try within this pull."""
    return isinstance(error, httpx.TransportError) or (isinstance(error, _Busy) and error.seconds <= MAX_WAIT_SECONDS)


def _pause(state: RetryCallState) -> float:
    """Seconds to the next try: what the server told, and never less than the jitter."""
    error = state.outcome.exception() if state.outcome else None
    return max(_jitter(state), error.seconds if isinstance(error, _Busy) else 0.0)


def _seconds(told: str) -> float:
    """What a Retry-After header asks for, given in seconds or as a date; 0 when it says neither."""
    try:
        seconds = (
            float(told)
            if told.replace(".", "", 1).isdigit()
            else (parsedate_to_datetime(told) - datetime.now(UTC)).total_seconds()
        )
    except (ValueError, TypeError):
        return 0.0
    return max(0.0, seconds)
