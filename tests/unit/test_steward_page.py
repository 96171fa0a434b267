"""The stewards' page, asked over HTTP: who gets in, whose sources she sees, and that every decision is hers and recorded."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import made_up_source as made_up
import pytest
from made_up_source import ask, declare, pull, row
from starlette.testclient import TestClient

from ingestion import correction, registry
from ingestion.ledger import ask as asked
from ingestion.load import record_pull
from steward import accounts, app, questions
from warehouse import connect

MINE, OTHER = "so_thu_nghiem", "so_khac"
KEY = "k" * 40


@pytest.fixture(autouse=True)
def declared(ioc_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two sources; `lan` and `mai` have the first, `chi` both."""

    def load(path: Path | None = None, *, correct: bool = True) -> registry.Registry:
        found = {one: declare(one) for one in (MINE, OTHER)}
        if correct:
            found = {name: correction.applied(source) for name, source in found.items()}
        return registry.Registry(found, {name: Path(f"thu/{name}.yml") for name in found})

    monkeypatch.setattr(registry, "load", load)
    monkeypatch.setattr(questions, "declared", load)
    monkeypatch.setattr(app, "door", accounts.Doorkeeper())
    with connect.writer("test") as con:
        registry.sync(con, load())
        for one in (MINE, OTHER):
            record_pull(con, run_id="r", source_id=one, started_at=made_up.NOW, status="ok")
    for name, sources in (("lan", [MINE]), ("mai", [MINE]), ("chi", ["*"])):
        accounts.add(name, title=name.title(), sources=sources, password=f"mat-khau-cua-{name}")


def browser() -> TestClient:
    return TestClient(app.make(KEY), base_url="http://127.0.0.1", follow_redirects=True)


def token(text: str) -> str:
    found = re.search(r'name="token" value="([^"]+)"', text)
    assert found
    return found[1]


def signed_in(name: str) -> TestClient:
    client = browser()
    page = client.get("/dang-nhap").text
    answer = client.post("/dang-nhap", data={"token": token(page), "name": name, "password": f"mat-khau-cua-{name}"})
    assert answer.status_code == 200 and "Sáng nay nguồn nào" in answer.text
    return client


def decide(client: TestClient, source: str = MINE, **form: Any) -> str:
    page = client.get("/").text
    answer = client.post(f"/nguon/{source}/quyet-dinh", data={"token": token(page), "table": "ho_so", **form})
    said = re.search(r'class="said" role="status">([^<]+)', answer.text)
    return said[1] if said else f"HTTP {answer.status_code}"


# --- who gets in -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/", "/nhat-ky", "/cho-xac-nhan", f"/nguon/{MINE}", f"/nguon/{MINE}/dong.csv?table=ho_so&rule=x"]
)
def test_without_a_login__every_page_leads_to_it(path: str) -> None:
    answer = browser().get(path, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/dang-nhap")


def test_login__with_a_wrong_password_or_name_says_the_same_and_locks_after_five() -> None:
    client = browser()
    page = client.get("/dang-nhap").text
    answers = [
        client.post("/dang-nhap", data={"token": token(page), "name": name, "password": "sai-mat-khau-roi"})
        for name in ("lan", "khong-co", "lan", "khong-co", "lan")
    ]
    assert {a.status_code for a in answers} == {401} and len(
        {re.sub(r'value="[^"]+"', "", a.text) for a in answers}
    ) == 1
    right = client.post("/dang-nhap", data={"token": token(page), "name": "lan", "password": "mat-khau-cua-lan"})
    assert right.status_code == 429, "even the right password waits now"


def test_login__needs_the_token_of_the_form() -> None:
    client = browser()
    client.get("/dang-nhap")
    answer = client.post("/dang-nhap", data={"token": "x", "name": "lan", "password": "mat-khau-cua-lan"})
    assert answer.status_code == 403


def test_session__ends_when_the_account_goes_or_gets_a_new_password() -> None:
    client, other = signed_in("lan"), signed_in("mai")
    accounts.remove("lan")
    accounts.add("mai", title="Mai", sources=[MINE])
    for one in (client, other):
        assert one.get("/", follow_redirects=False).status_code == 303


def test_session__cookie_is_for_this_site_only_and_a_forged_one_is_nothing() -> None:
    client = browser()
    page = client.get("/dang-nhap")
    assert "samesite=strict" in page.headers["set-cookie"].lower() and "httponly" in page.headers["set-cookie"].lower()
    forged = TestClient(app.make("z" * 40), base_url="http://127.0.0.1")
    page = forged.get("/dang-nhap").text
    forged.post("/dang-nhap", data={"token": token(page), "name": "lan", "password": "mat-khau-cua-lan"})
    thief = browser()
    thief.cookies.update(forged.cookies)
    assert thief.get("/", follow_redirects=False).status_code == 303


@pytest.mark.parametrize("password", ["ngan", "password", "lan"])
def test_accounts__refuse_short_or_known_passwords(password: str) -> None:
    with pytest.raises(Exception, match="IOC-520"):
        accounts.add("moi", title="", sources=["*"], password=password)
    assert "moi" not in accounts.all_accounts()


def test_accounts__are_kept_hashed_for_the_owner_only() -> None:
    file = connect.home() / "state" / "stewards.json"
    assert file.stat().st_mode & 0o077 == 0 and "mat-khau" not in file.read_text(encoding="utf-8")


def test_answers__carry_the_headers_and_no_script() -> None:
    client = signed_in("lan")
    pull(declare(), [row("A", "x")])
    for path in ("/", f"/nguon/{MINE}", f"/nguon/{MINE}/dong?table=ho_so&rule=type:so", "/nhat-ky", "/khong-co"):
        answer = client.get(path)
        assert (
            "default-src 'none'" in answer.headers["content-security-policy"]
            and answer.headers["cache-control"] == "no-store"
        )
        assert "<script" not in answer.text and "onclick" not in answer.text


# --- whose sources -----------------------------------------------------------------------------------------------------


def test_a_steward__sees_her_own_sources_and_others_do_not_exist_for_her() -> None:
    pull(declare(OTHER), [row("A", "x")])
    lan, chi = signed_in("lan"), signed_in("chi")
    assert f"/nguon/{MINE}" in lan.get("/").text and f"/nguon/{OTHER}" not in lan.get("/").text
    (name,) = [r[0] for r in ask("SELECT quarantine_id FROM quarantine.row")]
    for path in (
        "",
        "/dong?table=ho_so&rule=type:so",
        "/dong.csv?table=ho_so&rule=type:so",
        f"/dong/{name}",
        "/bang?table=ho_so",
    ):
        assert lan.get(f"/nguon/{OTHER}{path}").status_code == 404
        assert chi.get(f"/nguon/{OTHER}{path}").status_code == 200
    assert lan.get(f"/nguon/{MINE}/dong/{name}").status_code == 404, "not through her own source either"


@pytest.mark.parametrize(
    "kind", ["accept", "report", "map", "correct", "replay", "rule", "withdraw", "false_alarm", "confirm", "refuse"]
)
def test_a_steward__decides_nothing_about_others_sources(kind: str) -> None:
    pull(declare(OTHER), [row("A", "x")])
    ids = [r[0] for r in ask("SELECT quarantine_id FROM quarantine.row")]
    lan = signed_in("lan")
    form = {"kind": kind, "why": "thử xem sao", "chosen": ids[0], "row": ids[0], "rule": "type:so", "column": "so", "wrong": "x", "right": "1",
            "relation": f"raw.{OTHER}__ho_so"}  # fmt: skip
    assert decide(lan, OTHER, **form) == "HTTP 404"
    if kind in ("accept", "report", "correct", "false_alarm"):
        assert decide(lan, MINE, **form) == "HTTP 404", "nor by naming its rows under her own source"
    assert ask("SELECT * FROM ops.decision") == [] and ask("SELECT status FROM quarantine.row") == [("open",)]


def test_a_decision__without_the_token_is_refused() -> None:
    pull(declare(), [row("A", "x")])
    lan = signed_in("lan")
    answer = lan.post(f"/nguon/{MINE}/quyet-dinh", data={"kind": "replay", "why": "xét lại"})
    assert answer.status_code == 403 and ask("SELECT * FROM ops.decision") == []


# --- the loop ----------------------------------------------------------------------------------------------------------


def test_the_loop__shows_the_very_rows_maps_a_value_and_says_how_many_pass() -> None:
    pull(declare(), [row(f"A{i}", "mười") for i in range(37)] + [row(f"B{i}", "hỏng") for i in range(3)])
    lan = signed_in("lan")
    assert "40 dòng chờ" in lan.get("/").text
    page = lan.get(f"/nguon/{MINE}").text
    assert "không phải là số nguyên" in page and "type:so" in page
    rows = lan.get(f"/nguon/{MINE}/dong?table=ho_so&rule=type:so").text
    assert rows.count('name="chosen"') == 40 and rows.count("mười") > 37 and "#1" in rows
    assert decide(lan, kind="map", column="so", wrong="mười", right="10", why="viết bằng chữ").startswith(
        "37 trên 40 dòng nay đạt"
    )
    assert decide(lan, kind="accept", rule="type:so", why="thiết bị thử") == "3 dòng được chấp nhận ở ngoài."
    assert "Không có dòng nào chờ" in lan.get(f"/nguon/{MINE}").text
    log = lan.get("/nhat-ky").text
    assert "viết bằng chữ" in log and "37 / 40" in log and "thiết bị thử" in log


def test_one_row__is_shown_with_its_values_and_corrected_by_its_key() -> None:
    pull(declare(), [row("A", "500"), row("B", "500")])
    name = ask("SELECT quarantine_id FROM quarantine.row WHERE key_text = 'A'")[0][0]
    lan = signed_in("lan")
    page = lan.get(f"/nguon/{MINE}/dong/{name}").text
    assert "500 nằm ngoài khoảng [0; 100]" in page and 'class="value wrong">500' in page
    assert decide(lan, kind="correct", row=name, column="so", wrong="500", right="50", why="thừa số 0").startswith(
        "1 trên 2 dòng"
    )
    assert "hiệu chỉnh" in lan.get(f"/nguon/{MINE}").text
    assert decide(lan, kind="map", column="so", wrong="500", right="", why="quên gõ").startswith("Chưa ghi")


def test_a_rule__is_proposed_by_one_and_confirmed_by_another() -> None:
    pull(declare(), [row("A", "500")])
    lan, mai = signed_in("lan"), signed_in("mai")
    assert decide(lan, kind="rule", column="so", rule="range", value="0; 1000", why="máy mới").startswith("Đã đề xuất")
    ((name,),) = ask("SELECT decision_id FROM ops.decision")
    assert "Bạn đề xuất" in lan.get("/cho-xac-nhan").text and 'value="confirm"' not in lan.get("/cho-xac-nhan").text
    assert decide(lan, kind="confirm", decision=name).startswith("Chưa ghi")
    assert 'class="count">1' in mai.get("/").text
    assert decide(mai, kind="confirm", decision=name).startswith("1 trên 1 dòng nay đạt")
    assert registry.load().get(MINE).tables[0].column("so").range == (0, 1000)


@pytest.mark.parametrize(
    ("rule", "text", "meant"),
    [
        ("range", "0; 1000", [0, 1000]), ("range", "0,5;", [0.5, None]), ("code_list", "a; b ; c", ["a", "b", "c"]),
        ("empty_max", "40 %", 0.4), ("empty_max", "0,4", 0.4), ("required", "có", True), ("nulls", "KPH; -", ["KPH", "-"]),
    ],
)  # fmt: skip
def test_what_people_type__is_what_the_declaration_says(rule: str, text: str, meant: Any) -> None:
    assert app._value(rule, text) == meant


@pytest.mark.parametrize(
    ("kept", "read"),
    [
        ('{"range": [0.0, 100.5]}', "0; 100.5"), ('{"range": [null, 5.0]}', "∅; 5"), ('{"value": "khác", "key": {}}', "khác"),
        ('{"value": null, "key": {"ma": "A", "nam": "2006"}}', "∅ (A | 2006)"), ('{"required": true}', "True"), ("{}", ""),
    ],
)  # fmt: skip
def test_decisions__are_read_in_words(kept: str, read: str) -> None:
    assert questions.in_words(kept) == read


def test_csv__for_the_owner_has_every_row_and_no_formula() -> None:
    pull(declare(), [row("=1+1", "x"), *[row(f"A{i}", "x") for i in range(60)]])
    answer = signed_in("lan").get(f"/nguon/{MINE}/dong.csv?table=ho_so&rule=type:so")
    found = list(csv.reader(io.StringIO(answer.text.lstrip("﻿"))))
    assert len(found) == 62 and found[0] == ["vi_tri", "vi_sao", "ma", "Số lượng", "luc"]
    assert {line[2] for line in found[1:]} == {"'=1+1", *(f"A{i}" for i in range(60))}


def test_values__are_shown_as_text_whatever_they_hold() -> None:
    pull(declare(), [row("<img src=x onerror=alert(1)>", "{{7*7}}")])
    page = signed_in("lan").get(f"/nguon/{MINE}/dong?table=ho_so&rule=type:so").text
    assert "<img" not in page and "&lt;img src=x" in page and "{{7*7}}" in page


def test_personal_columns__are_never_on_the_page() -> None:
    columns = [*made_up.COLUMNS, {"name": "ho_ten", "type": "text", "class": "pii"}]
    pull(declare(columns=columns), [row("A", "x") | {"ho_ten": "Lê Văn Kín"}, row("B", "1") | {"ho_ten": "Lê Văn Kín"}])
    client = signed_in("lan")
    pages = [
        client.get(f"/nguon/{MINE}{path}").text for path in ("", "/dong?table=ho_so&rule=type:so", "/bang?table=ho_so")
    ]
    assert not any("Lê Văn Kín" in page for page in pages)


def test_a_busy_warehouse__is_said_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    client = signed_in("lan")
    real: Callable[..., Any] = connect.intake

    def at_once(**_: Any) -> Any:
        return real(wait_seconds=0)

    monkeypatch.setattr(connect, "intake", at_once)
    with connect.lock("somebody else"):
        answer = client.get("/")
    assert answer.status_code == 503 and "Kho dữ liệu đang chạy" in answer.text
    with connect.intake() as con:
        assert asked(con, "SELECT 1 AS one") == [{"one": 1}]


def test_language__is_kept_for_the_session() -> None:
    client = signed_in("lan")
    page = client.get("/").text
    client.post("/ngon-ngu", data={"token": token(page), "lang": "en", "back": "//evil.example/"})
    assert "Which sources are wrong" in client.get("/").text and 'lang="en"' in client.get("/").text


def test_page__does_not_start_without_a_strong_key(ioc_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from steward import serve

    monkeypatch.delenv("STEWARD_SESSION_KEY_FILE", raising=False)
    with pytest.raises(SystemExit, match="IOC-521"):
        serve.session_key()
    weak = ioc_home / "weak"
    weak.write_text("secret", encoding="utf-8")
    monkeypatch.setenv("STEWARD_SESSION_KEY_FILE", str(weak))
    with pytest.raises(SystemExit, match="IOC-521"):
        serve.session_key()
    weak.write_text("x" * 40, encoding="utf-8")
    assert serve.session_key() == "x" * 40
