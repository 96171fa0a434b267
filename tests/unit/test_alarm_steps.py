"""What duty officers do about alarms, on their page and on the command line, and what leaves the house: once, grouped."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import made_up_alarms
import pytest
from made_up_alarms import AGENCY, HOUR, NOW, one, serve
from made_up_alerts import Kept
from made_up_source import ask
from starlette.testclient import TestClient

from ops import alarm as messages
from ops import cli
from steward import accounts, alarms, app
from warehouse import alarm, build, connect
from warehouse.errors import Fault

HOSTILE = '<script>alert("x")</script>'


@pytest.fixture(autouse=True)
def served(ioc_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with connect.writer("test"):
        pass
    monkeypatch.setattr(app, "door", accounts.Doorkeeper())
    found = [
        one("aaaa1"), one("bbbb2", object_vi=HOSTILE, level="watch", due_at=None, due_vi="kỳ họp", is_overdue=False),
        one("cccc3", state_of_data="da_dong", state="da_dong", state_vi="Đã đóng", is_open=False, is_overdue=False, closed_at=NOW - HOUR / 2),
    ]  # fmt: skip
    serve(monkeypatch, [{"closed_at": None} | each for each in found])
    accounts.add("truc_ban", title="Trực ban", sources=[], is_duty=True, password="mat-khau-truc-ban")
    accounts.add("truc_hai", title="Trực hai", sources=[], is_duty=True, password="mat-khau-truc-hai")
    accounts.add("lan", title="Lan", sources=["*"], password="mat-khau-cua-lan")


def signed_in(name: str, password: str) -> TestClient:
    client = TestClient(app.make("k" * 40), base_url="http://127.0.0.1", follow_redirects=True)
    page = client.get("/dang-nhap").text
    client.post("/dang-nhap", data={"token": token(page), "name": name, "password": password})
    return client


def token(text: str) -> str:
    found = re.search(r'name="token" value="([^"]+)"', text)
    assert found
    return found[1]


def step(client: TestClient, name: str, **form: str) -> str:
    answer = client.post(f"/bao-dong/{name}", data={"token": token(client.get("/bao-dong").text), **form})
    said = re.search(r'class="said" role="status">([^<]+)', answer.text)
    return said[1] if said else f"HTTP {answer.status_code}"


def state(name: str) -> str:
    return str(alarm.one(name)["state"])


# --- steps -------------------------------------------------------------------------------------------------------------


def test_acknowledge__the_first_has_it_and_the_second_is_told() -> None:
    assert alarm.take("aaaa1", "acknowledge", by="an")["state"] == "da_nhan"
    with pytest.raises(Fault, match="IOC-541") as told:
        alarm.take("aaaa1", "acknowledge", by="binh")
    assert "an" in told.value.what_vi and alarm.one("aaaa1")["acknowledged_by"] == "an"
    assert len(ask("SELECT 1 FROM ops.alarm_step")) == 1


def test_steps__close_reopen_and_who_acknowledged_starts_anew() -> None:
    alarm.take("aaaa1", "acknowledge", by="an")
    assert alarm.take("aaaa1", "close", by="an", why="trạm hỏng")["state"] == "dong_boi_nguoi"
    with pytest.raises(Fault, match="IOC-542"):
        alarm.take("aaaa1", "hand_over", by="an", why="ca sau")
    found = alarm.take("aaaa1", "reopen", by="binh", why="trạm không hỏng")
    assert (found["state"], found["acknowledged_by"], found["is_overdue"]) == ("dang_mo", None, True)
    assert [s["step"] for s in found["steps"]] == ["acknowledge", "close", "reopen"]


@pytest.mark.parametrize(("name", "taken", "why", "code"), [
    ("khong", "note", "lý do", "IOC-540"), ("", "note", "lý do", "IOC-540"), ("aaaa1", "note", " a ", "IOC-543"),
    ("aaaa1", "close", "", "IOC-543"), ("cccc3", "acknowledge", "", "IOC-542"), ("cccc3", "reopen", "lý do", "IOC-542"),
])  # fmt: skip
def test_steps__that_do_not_fit_are_refused_and_nothing_is_written(
    name: str, taken: alarm.Step, why: str, code: str
) -> None:
    with pytest.raises(Fault, match=code):
        alarm.take(name, taken, by="an", why=why)
    assert ask("SELECT 1 FROM ops.alarm_step") == []


def test_step__calls_for_a_build() -> None:
    assert ask(connect.bind(build._STEPPED, NOW)) == []
    alarm.take("aaaa1", "note", by="an", why="đã gọi")
    assert ask(connect.bind(build._STEPPED, NOW)) == [(1,)]


def test_now__puts_the_overdue_first_and_is_empty_without_a_build(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [a["alarm_id"] for a in alarm.now()] == ["aaaa1", "bbbb2", "cccc3"]
    monkeypatch.setattr("warehouse.publish.current", lambda **_: None)
    assert alarm.now() == []


# --- the page ----------------------------------------------------------------------------------------------------------


def test_page__is_the_duty_officers_alone() -> None:
    lan = signed_in("lan", "mat-khau-cua-lan")
    assert {lan.get(path).status_code for path in ("/bao-dong", "/bao-dong/aaaa1")} == {404}
    assert (
        lan.post("/bao-dong/aaaa1", data={"token": token(lan.get("/").text), "step": "acknowledge"}).status_code == 404
    )
    nobody = TestClient(app.make("k" * 40), base_url="http://127.0.0.1").get("/bao-dong", follow_redirects=False)
    assert nobody.headers["location"] == "/dang-nhap" and ask("SELECT 1 FROM ops.alarm_step") == []


def test_page__lists_acknowledges_and_shows_the_step_at_once() -> None:
    first, second = signed_in("truc_ban", "mat-khau-truc-ban"), signed_in("truc_hai", "mat-khau-truc-hai")
    text = first.get("/").text  # an account without sources begins at the alarms
    assert "2 báo động đang mở, 2 chưa ai nhận, 1 quá hạn." in text and text.index("aaaa1") < text.index("bbbb2")
    assert step(first, "aaaa1", step="acknowledge") == "Đã ghi: Đã nhận: truc_ban"
    assert "IOC-541" in step(second, "aaaa1", step="acknowledge")
    assert "Đã nhận: truc_ban" in second.get("/bao-dong").text
    assert "IOC-543" in step(first, "aaaa1", step="close", why="") and state("aaaa1") == "da_nhan"
    assert step(first, "aaaa1", step="close", why="trạm hỏng").startswith("Đã ghi")
    assert "trạm hỏng" in second.get("/bao-dong/aaaa1").text and state("aaaa1") == "dong_boi_nguoi"


def test_page__draws_the_line_escapes_names_and_has_no_script() -> None:
    client = signed_in("truc_ban", "mat-khau-truc-ban")
    text = client.get("/bao-dong/bbbb2").text
    assert "<polyline" in text and "ngưỡng 5,50 m" in text and "chưa kiểm chứng" in text and "số liệu minh họa" in text
    for page in (text, client.get("/bao-dong").text):
        assert "&lt;script&gt;" in page and "<script" not in page
    client.post("/ngon-ngu", data={"token": token(text), "lang": "en", "back": "/bao-dong/bbbb2"})
    assert (
        "Who must act" in client.get("/bao-dong/bbbb2").text
        and "Open, nobody has it" in client.get("/bao-dong/bbbb2").text
    )


@pytest.mark.parametrize(("name", "form", "status"), [("khong", {"step": "note"}, 404), ("aaaa1", {"step": "delete"}, 400), ("aaaa1", {}, 400)])  # fmt: skip
def test_page__refuses_what_is_no_alarm_or_no_step(name: str, form: dict[str, str], status: int) -> None:
    client = signed_in("truc_ban", "mat-khau-truc-ban")
    assert step(client, name, **form) == f"HTTP {status}"
    assert client.post("/bao-dong/aaaa1", data={"token": "x", "step": "acknowledge"}).status_code == 403


def test_chart__breaks_where_nothing_was_read_and_needs_two_readings() -> None:
    found = [{"read_at": NOW - HOUR * n, "value": 1.0 * n, "threshold": 5.5} for n in (30, 29, 28, 3, 2, 1)]
    drawn = alarms.chart(alarm.one("aaaa1"), found)
    assert drawn is not None and len(drawn["lines"]) == 2
    assert alarms.chart(alarm.one("aaaa1"), found[:1]) is None


def test_account__that_may_do_nothing_is_refused() -> None:
    with pytest.raises(Fault, match="IOC-520"):
        accounts.add("moi", title="", sources=[])


# --- messages ----------------------------------------------------------------------------------------------------------


def test_send__tells_an_alarm_once_and_its_end_once(monkeypatch: pytest.MonkeyPatch) -> None:
    mail = Kept()
    assert [m["alarms"] for m in messages.send(channels=[mail])] == [1], (
        "watch is not told, what was over before is no news"
    )
    assert messages.send(channels=[mail]) == []
    # late rows moved the opening: another id, the same alarm
    moved = one("aaaa1", opened_at=NOW - 3 * HOUR, closed_at=None, alarm_id="dddd4")
    serve(monkeypatch, [moved])
    assert messages.send(channels=[mail]) == []
    over = {"state_of_data": "da_dong", "state": "da_dong", "state_vi": "Đã đóng", "is_open": False}
    serve(monkeypatch, [moved | over | {"closed_at": NOW}])
    assert [m["what"] for m in messages.send(channels=[mail])] == ["closed"]
    assert messages.send(channels=[mail]) == []


def test_send__makes_one_message_of_a_flood(monkeypatch: pytest.MonkeyPatch) -> None:
    serve(
        monkeypatch,
        [one(f"tram{n:03}", closed_at=None, object_vi=HOSTILE, message_vi=f"{n} {HOSTILE}") for n in range(50)],
    )
    mail = Kept()
    [sent] = messages.send(channels=[mail])
    assert (sent["alarms"], sent["agency_vi"]) == (50, AGENCY) and sent[
        "subject"
    ] == f"[IOC] (minh họa) Báo động: 50 báo động, {AGENCY}"
    [letter] = mail.letters
    assert (
        letter.to == ""
        and letter.html.count("<tr>") == 51
        and "<script" not in letter.html
        and "Số liệu minh họa" in letter.text
    )
    assert len(json.loads(json.dumps(letter.body, default=str))["alarms"]) == 50
    assert ask("SELECT count(*), count(DISTINCT message_id) FROM ops.alarm_message") == [(50, 1)]


def test_send__that_failed_goes_with_the_next_round() -> None:
    mail = Kept(broken="máy chủ bận")
    assert messages.send(channels=[mail])[0]["error"]
    mail.broken = None
    assert [m["error"] for m in messages.send(channels=[mail])] == [None]


def test_send__of_an_old_alarm_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, [one("aaaa1", opened_at=NOW - 24 * 4 * HOUR, closed_at=None)])
    assert messages.send(channels=[Kept()]) == []


# --- the command line --------------------------------------------------------------------------------------------------


def ioc(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    code = cli.main(["--json", "alarm", *words])
    return code, json.loads(capsys.readouterr().out or "null")


def test_commands__list_show_take_and_refuse(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = ioc(capsys, "list")
    assert code == 0 and [a["alarm_id"] for a in found] == ["aaaa1", "bbbb2"]
    assert len(ioc(capsys, "list", "--all")[1]) == 3
    assert ioc(capsys, "show", "aaaa")[1]["procedure_vi"] == "Phát lệnh báo động"
    assert ioc(capsys, "ack", "aaaa1", "--by", "an")[1]["state"] == "da_nhan"
    assert ioc(capsys, "ack", "aaaa1", "--by", "binh")[0] == 1
    assert ioc(capsys, "note", "aaaa1", "--why", "đã gọi", "--by", "an")[0] == 0
    assert ioc(capsys, "hand-over", "aaaa1", "--why", "ca đêm", "--by", "an")[0] == 0
    assert ioc(capsys, "close", "aaaa1", "--why", "trạm hỏng", "--by", "an")[1]["state"] == "dong_boi_nguoi"
    assert ioc(capsys, "reopen", "aaaa1", "--why", "nhầm", "--by", "an")[1]["state"] == "dang_mo"
    assert ioc(capsys, "show", "zzzz")[0] == 2
    code, would = ioc(capsys, "send", "--dry-run")
    assert code == 0 and would[0]["alarms"] == 1 and ask("SELECT 1 FROM ops.alarm_message") == []


def test_columns__of_the_model_are_those_of_the_rows_here() -> None:
    assert set(one("x")) <= set(made_up_alarms.columns("serving/_models.yml", "alarm_now"))
