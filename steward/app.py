"""The page itself: Starlette, rendered on the server, no script at all; every change is a form with a token.

Whoever signs in sees the sources that her account names and no other: asking for another one's page answers 404, as for a
source that does not exist. Questions are asked anew at every request; while a run holds the warehouse the page says so.
"""

from __future__ import annotations

import csv
import io
import json
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jinja2
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from ingestion import decision, quarantine
from ingestion.model import Source
from steward import alarms, questions
from steward.accounts import Account, Doorkeeper, accepts, all_accounts
from warehouse import alarm, publish
from warehouse.errors import Fault

PAGES = Path(__file__).parent / "pages"
HOURS = 8
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
door = Doorkeeper()
_pages = jinja2.Environment(
    loader=jinja2.FileSystemLoader(PAGES), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
)  # fmt: skip
_pages.globals |= {"ago": questions.ago, "GRADES": questions.GRADES}
_pages.filters |= {
    "local": questions.local_time,
    "day": questions.day,
    "number": lambda value: f"{value or 0:,}".replace(",", "."),
    "in_words": questions.in_words,
    "whole": lambda value: "–" if value is None else str(round(value)),
}


# --- who is asking -----------------------------------------------------------------------------------------------------


def user_of(request: Request) -> Account:
    """The account of the session. Raises 303 to the login when there is none, or its password changed meanwhile."""
    account = all_accounts().get(request.session.get("name", ""))
    if account is None or request.session.get("mark") != account.mark:
        request.session.clear()
        raise HTTPException(303, headers={"Location": "/dang-nhap"})
    return account


def source_of(request: Request, account: Account) -> Source:
    """The source of the path. Raises 404 when it does not exist or is not hers."""
    source_id = request.path_params["source_id"]
    declared = questions.declared().sources
    if source_id not in declared or not account.may(source_id):
        raise HTTPException(404)
    return declared[source_id]


def mine(account: Account) -> list[str]:
    return [source_id for source_id in questions.declared().sources if account.may(source_id)]


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form. Raises 403 without the token of this session."""
    form = await request.form()
    token = request.session.get("token", "")
    if not token or not secrets.compare_digest(str(form.get("token", "")), token):
        raise HTTPException(403)
    return {k: str(v) for k, v in form.items()} | {"chosen": "\n".join(map(str, form.getlist("chosen")))}


def page(request: Request, name: str, account: Account | None, status: int = 200, **values: Any) -> HTMLResponse:
    lang = request.session.get("lang", "vi")
    if "token" not in request.session:
        request.session["token"] = secrets.token_urlsafe(24)
    waiting = 0
    if account is not None and "waiting" not in values:
        waiting = sum(account.may(d["source_id"]) for d in decision.history(status="waiting"))
    body = _pages.get_template(name).render(
        t=lambda vi, en: en if lang == "en" else vi, lang=lang, me=account, token=request.session["token"], path=request.url.path,
        said=request.session.pop("said", None), n_waiting=waiting, **values,
    )  # fmt: skip
    return HTMLResponse(body, status_code=status)


def said(request: Request, vi: str, en: str) -> None:
    """A sentence for the next page."""
    request.session["said"] = en if request.session.get("lang") == "en" else vi


# --- pages -------------------------------------------------------------------------------------------------------------


async def login(request: Request) -> Response:
    if request.method == "GET":
        return await run_in_threadpool(page, request, "login.html", None, wrong=False, wait=False)
    form = await form_of(request)
    name, address = form.get("name", "").strip().lower(), request.client.host if request.client else "?"
    if door.must_wait(name, address):
        return page(request, "login.html", None, 429, wrong=False, wait=True)
    account = all_accounts().get(name)
    if not await run_in_threadpool(accepts, account, form.get("password", "")) or account is None:
        door.failed(name, address)
        return page(request, "login.html", None, 401, wrong=True, wait=False)
    door.entered(name, address)
    lang = request.session.get("lang", "vi")
    request.session.clear()
    request.session.update(name=account.name, mark=account.mark, lang=lang, token=secrets.token_urlsafe(24))
    return RedirectResponse("/", 303)


async def logout(request: Request) -> Response:
    await form_of(request)
    request.session.clear()
    return RedirectResponse("/dang-nhap", 303)


async def language(request: Request) -> Response:
    form = await form_of(request)
    request.session["lang"] = "en" if form.get("lang") == "en" else "vi"
    back = form.get("back", "/")
    return RedirectResponse(back if back.startswith("/") and not back.startswith("//") else "/", 303)


def overview(request: Request) -> Response:
    account = user_of(request)
    if account.is_duty and not account.sources:
        return RedirectResponse("/bao-dong", 303)
    rows = questions.overview(mine(account))
    return page(request, "overview.html", account, rows=rows, needs=[r for r in rows if r["needs"]])


def on_duty(request: Request) -> Account:
    """The account of a duty officer. Raises 404 for any other, as for a page that does not exist."""
    account = user_of(request)
    if not account.is_duty:
        raise HTTPException(404)
    return account


def all_alarms(request: Request) -> Response:
    account, found, served = on_duty(request), alarm.now(), publish.current()
    past = sorted((a for a in found if not a["is_open"]), key=lambda a: a["opened_at"], reverse=True)[:20]
    open_ones = [a for a in found if a["is_open"]]
    by_agency = {
        agency: [a for a in open_ones if a["agency_vi"] == agency]
        for agency in dict.fromkeys(a["agency_vi"] for a in open_ones)
    }
    return page(
        request,
        "alarms.html",
        account,
        open=open_ones,
        by_agency=by_agency,
        past=past,
        built=served and served.created_at,
    )


def one_alarm(request: Request) -> Response:
    account = on_duty(request)
    found = _alarm(request)
    return page(request, "alarm.html", account, a=found, c=alarms.chart(found, alarm.readings(found)))


def _alarm(request: Request) -> dict[str, Any]:
    try:
        return alarm.one(request.path_params["alarm_id"])
    except Fault as fault:
        raise HTTPException(404) from fault


async def step(request: Request) -> Response:
    """One form, one step. The answer is the alarm's page, with what became of it."""
    form = await form_of(request)
    account = await run_in_threadpool(on_duty, request)
    taken = next((one for one in alarm.STEPS if one == form.get("step")), None)
    if taken is None:
        raise HTTPException(400)
    name = (await run_in_threadpool(_alarm, request))["alarm_id"]
    try:
        found = await run_in_threadpool(alarm.take, name, taken, by=account.name, why=form.get("why", ""))
        said(request, f"Đã ghi: {found['state_vi']}", "Recorded.")
    except Fault as fault:
        said(request, f"Chưa ghi: {fault.what_vi} ({fault.code})", f"Not recorded: {fault.what_en} ({fault.code})")
    return RedirectResponse(f"/bao-dong/{name}", 303)


def one_source(request: Request) -> Response:
    account = user_of(request)
    source = source_of(request, account)
    return page(request, "source.html", account, source=source, **questions.about(source))


def rows(request: Request) -> Response:
    account = user_of(request)
    source = source_of(request, account)
    asked = request.query_params
    table, rule = asked.get("table", ""), asked.get("rule", "")
    number = int(asked.get("page", "0")) if asked.get("page", "0").isdigit() else 0
    if table not in {t.name for t in source.tables}:
        raise HTTPException(404)
    found, total = questions.open_rows(source, table, rule, number)
    fields = list(dict.fromkeys(name for row in found for name in row["values"]))
    return page(
        request, "rows.html", account, source=source, table=table, rule=rule, rows=found, total=total, fields=fields, number=number,
        last=(total - 1) // questions.PAGE if total else 0, column=questions.column_of(source, table, rule),
        wrong=questions.wrong_values(source, table, rule), link=_link,
    )  # fmt: skip


def one_row(request: Request) -> Response:
    account = user_of(request)
    source = source_of(request, account)
    row = _row(source, request.path_params["quarantine_id"])
    row["values"] = json.loads(row["row_json"])
    reasons = list(zip(row["rules"], row["reasons_vi"], row["reasons_en"], strict=True))
    columns = [(rule, questions.column_of(source, row["table_name"], rule)) for rule in row["rules"]]
    return page(
        request, "row.html", account, source=source, row=row, reasons=reasons, key=quarantine.key_of(source.table(row["table_name"]), row),
        columns=[(rule, column) for rule, column in columns if column is not None], link=_link,
    )  # fmt: skip


def raw(request: Request) -> Response:
    account = user_of(request)
    source = source_of(request, account)
    table, empty = request.query_params.get("table", ""), request.query_params.get("empty", "")
    if table not in {t.name for t in source.tables}:
        raise HTTPException(404)
    names, found = questions.raw_rows(source, table, empty)
    return page(
        request, "raw.html", account, source=source, table=table, empty=empty, names=names, rows=found, link=_link
    )


def log(request: Request) -> Response:
    account = user_of(request)
    found = [d for d in decision.history() if account.may(d["source_id"])]
    return page(request, "log.html", account, decisions=found)


def waiting(request: Request) -> Response:
    account = user_of(request)
    found = [d for d in decision.history(status="waiting") if account.may(d["source_id"])]
    return page(request, "waiting.html", account, waiting=found)


def download(request: Request) -> Response:
    """Open rows of one table and rule as CSV for whoever must mend them at the source; no cell begins a formula."""
    account = user_of(request)
    source = source_of(request, account)
    table, rule = request.query_params.get("table", ""), request.query_params.get("rule", "")
    out = io.StringIO()
    writer = csv.writer(out)
    number, fields = 0, []
    while True:
        found, total = questions.open_rows(source, table, rule, number)
        if not number:
            fields = list(dict.fromkeys(name for row in found for name in row["values"]))
            writer.writerow(["vi_tri", "vi_sao", *map(_harmless, fields)])
        for row in found:
            cells = [row["source_ref"], "; ".join(row["reasons_vi"]), *(row["values"].get(name) for name in fields)]
            writer.writerow([_harmless(cell) for cell in cells])
        number += 1
        if number * questions.PAGE >= total:
            break
    name = f"{source.id}-{table}-cach-ly.csv"
    return Response(
        "﻿" + out.getvalue(), media_type="text/csv", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _harmless(cell: object) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠") else text


def _link(path: str, **values: Any) -> str:
    return f"{path}?{urlencode(values)}"


def _row(source: Source, quarantine_id: str) -> dict[str, Any]:
    """Raises 404 for a row of another source, as for one that does not exist."""
    try:
        row = quarantine.show(quarantine_id)
    except Fault as fault:
        raise HTTPException(404) from fault
    if row["source_id"] != source.id:
        raise HTTPException(404)
    return row


# --- decisions ---------------------------------------------------------------------------------------------------------


async def decide(request: Request) -> Response:
    """One form, one decision. Whatever it is, the answer is the page it came from, with what became of it."""
    form = await form_of(request)
    account = await run_in_threadpool(user_of, request)
    source = await run_in_threadpool(source_of, request, account)
    back = form.get("back", "")
    if not back.startswith(f"/nguon/{source.id}"):
        back = f"/nguon/{source.id}"
    try:
        vi, en = await run_in_threadpool(_decided, source, account, form)
    except Fault as fault:
        vi, en = f"Chưa ghi: {fault.what_vi} ({fault.code})", f"Not recorded: {fault.what_en} ({fault.code})"
        if fault.why:
            vi, en = f"{vi} — {fault.why}", f"{en} — {fault.why}"
    said(request, vi, en)
    return RedirectResponse(back, 303)


def _decided(source: Source, account: Account, form: dict[str, str]) -> tuple[str, str]:
    by, why, kind = account.name, form.get("why", ""), form.get("kind", "")
    table, rule = form.get("table", ""), form.get("rule", "")
    if kind in ("accept", "report"):
        chosen = form["chosen"].split("\n") if form["chosen"] else []
        for one in chosen:
            _row(source, one)
        ids = chosen or questions.open_ids(source, table, rule)
        (decision.accept if kind == "accept" else decision.report)(ids, by=by, why=why)
        if kind == "accept":
            return f"{len(ids)} dòng được chấp nhận ở ngoài.", f"{len(ids)} rows are accepted to stay out."
        return f"Đã ghi: báo nguồn sửa {len(ids)} dòng.", f"Recorded: the source was told of {len(ids)} rows."
    if kind in ("map", "correct"):
        right = None if form.get("nothing") else form.get("right", "").strip()
        if right == "":
            raise decision.unfit(
                "giá trị đúng đang trống; đánh dấu “để trống” nếu muốn bỏ giá trị / the right value is empty"
            )
        if kind == "correct":
            row = _row(source, form.get("row", ""))
            done = decision.correct_row(row["quarantine_id"], form.get("column", ""), right=right, by=by, why=why)
        else:
            done = decision.correct(
                source.id, table, form.get("column", ""), wrong=form.get("wrong", ""), right=right, by=by, why=why
            )
    elif kind == "replay":
        done = decision.replay(source.id, by=by, why=why or "xét lại")
    elif kind == "withdraw":
        decision.withdraw_correction(source.id, form.get("correction", ""), by=by, why=why)
        return "Đã bỏ hiệu chỉnh; dòng đã nạp theo nó ở lại đến khi dựng lại bảng.", "The correction is withdrawn."
    elif kind == "rule":
        decision.propose_rule(
            source.id, table, form.get("column", ""), rule, _value(rule, form.get("value", "")), by=by, why=why
        )
        return "Đã đề xuất; cần một người khác xác nhận.", "Proposed; a second person must confirm."
    elif kind == "false_alarm":
        relation = form.get("relation", "")
        of_its_indicators = {f"anomaly:{one['indicator_code']}" for one in questions.costs(source.id)}
        if not relation.startswith(f"raw.{source.id}__") and relation not in of_its_indicators:
            raise HTTPException(404)
        decision.false_alarm(relation, rule, by=by, why=why, source_id=source.id)
        return "Đã ghi là báo nhầm; ba lần trong 90 ngày thì quy tắc bị hạ mức.", "Recorded as a false alarm."
    elif kind in ("confirm", "refuse"):
        return _second(source, account, kind, form.get("decision", ""))
    else:
        raise HTTPException(400)
    return _now_pass(done)


def _second(source: Source, account: Account, kind: str, decision_id: str) -> tuple[str, str]:
    """The second person's word on a change of rule of this source."""
    if decision_id not in {d["decision_id"] for d in decision.history(source.id, status="waiting")}:
        raise HTTPException(404)
    if kind == "refuse":
        decision.refuse(decision_id, by=account.name)
        return "Đề xuất đã bị bỏ; quy tắc như cũ.", "The proposal is refused; the rule stays."
    return _now_pass(decision.confirm(decision_id, by=account.name))


def _now_pass(done: decision.Decided) -> tuple[str, str]:
    return (
        f"{done.now_pass} trên {done.of_rows} dòng nay đạt và đã nạp; bảng điều hành có số mới ở lần dựng tới.",
        f"{done.now_pass} of {done.of_rows} rows now pass and are loaded; the boards follow with the next build.",
    )


def _value(rule: str, text: str) -> Any:
    """What a person typed, as the declaration has it: `0; 1000` a range, `a; b` a list, `có` a yes, 0,4 a share."""
    parts = [part.strip() for part in text.split(";")]
    try:
        if rule == "range":
            low, high = (None if part == "" else float(part.replace(",", ".")) for part in parts)
            return [low, high]
        if rule == "empty_max":
            return float(text.strip().rstrip("%").replace(",", ".")) / (100 if "%" in text else 1)
    except ValueError as error:
        raise decision.unfit(f"“{text}” is not what a {rule} looks like: 0; 1000 or 40 %") from error
    if rule in ("code_list", "nulls"):
        return [part for part in parts if part]
    if rule == "required":
        return text.strip().lower() in ("có", "co", "yes", "true", "1")
    return text.strip()


# --- the application ---------------------------------------------------------------------------------------------------


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 303:
        return RedirectResponse((error.headers or {})["Location"], 303)
    words = {
        403: ("Biểu mẫu đã hết hạn; tải lại trang rồi gửi lại.", "The form has expired; load the page again."),
        404: ("Không có trang này, hoặc nguồn không thuộc phần việc của bạn.", "There is no such page, or the source is not yours."),
    }.get(error.status_code, ("Không thực hiện được.", "That cannot be done."))  # fmt: skip
    return page(request, "error.html", None, error.status_code, words=words, detail="")


async def _fault(request: Request, error: Exception) -> Response:
    """The warehouse is held, or a declaration is wrong: said plainly, with what to do."""
    assert isinstance(error, Fault)
    busy = error.code == "IOC-075"
    words = (
        ("Kho dữ liệu đang chạy; trang sẽ có lại sau ít phút. Không có gì bị mất.", "A run holds the warehouse; try again in a few minutes. Nothing is lost.")
        if busy
        else (error.what_vi, error.what_en)
    )  # fmt: skip
    return page(
        request, "error.html", None, 503 if busy else 500, words=words, detail=f"{error.code} · {error.fix or ''}"
    )


class Headers:
    """The same headers on every answer."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(
        self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
    ) -> None:
        async def with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message["headers"],
                    *((k.lower().encode(), v.encode()) for k, v in HEADERS.items()),
                ]
            await send(message)

        await self.app(scope, receive, with_headers if scope["type"] == "http" else send)


def make(session_key: str, *, https_only: bool = False) -> Starlette:
    """The application; `session_key` signs its cookies, `https_only` where a proxy ends TLS in front of it."""
    routes = [
        Route("/", overview),
        Route("/dang-nhap", login, methods=["GET", "POST"]),
        Route("/dang-xuat", logout, methods=["POST"]),
        Route("/ngon-ngu", language, methods=["POST"]),
        Route("/nhat-ky", log),
        Route("/cho-xac-nhan", waiting),
        Route("/bao-dong", all_alarms),
        Route("/bao-dong/{alarm_id}", one_alarm),
        Route("/bao-dong/{alarm_id}", step, methods=["POST"]),
        Route("/khoe", lambda request: PlainTextResponse("ok")),
        Route("/nguon/{source_id}", one_source),
        Route("/nguon/{source_id}/dong", rows),
        Route("/nguon/{source_id}/dong.csv", download),
        Route("/nguon/{source_id}/dong/{quarantine_id}", one_row),
        Route("/nguon/{source_id}/bang", raw),
        Route("/nguon/{source_id}/quyet-dinh", decide, methods=["POST"]),
        Mount("/static", StaticFiles(directory=PAGES / "static"), name="static"),
    ]
    session = Middleware(
        SessionMiddleware, secret_key=session_key, session_cookie="phu_trach", max_age=HOURS * 3600, same_site="strict", https_only=https_only
    )  # fmt: skip
    handlers: dict[Any, Any] = {HTTPException: _http_error, Fault: _fault}
    return Starlette(routes=routes, middleware=[Middleware(Headers), session], exception_handlers=handlers)
