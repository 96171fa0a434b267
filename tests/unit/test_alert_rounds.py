"""A round tells each broken promise once a source, reminds once a day, keeps quiet hours, and says when it is well."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_alerts import Kept, finding, local, passed, pulled, source
from made_up_source import ask

from ops import alert, cli, run, say
from ops.alert import due, last_cutoff, may_tell, send
from ops.channel import Channel
from warehouse import connect
from warehouse.errors import Fault

EIGHT = local("2026-11-23 08:00")  # a Monday
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def home(ioc_home: Path) -> Path:
    return ioc_home


@pytest.fixture
def mail() -> Kept:
    return Kept()


def late(tier: int = 1, at: datetime = EIGHT) -> None:
    """A source promised within an hour, last pulled two hours before `at`."""
    source(tier=tier)
    pulled("so_thu", at - 2 * HOUR)


def rows() -> list[tuple[str, int, bool, list[str]]]:
    return ask("SELECT source_id, tier, closed_at IS NULL, kinds FROM ops.alert ORDER BY opened_at")


def test_late__is_told_once_and_its_end_once(mail: Kept) -> None:
    late()
    for minutes in (0, 10, 20):
        assert send(now=EIGHT + minutes * MINUTE, channels=[mail]).open == 1
    assert mail.said() == ["opened"] and rows() == [("so_thu", 1, True, ["late"])]
    pulled("so_thu", EIGHT + 25 * MINUTE)
    for minutes in (30, 40):
        assert send(now=EIGHT + minutes * MINUTE, channels=[mail]).open == 0
    assert mail.said() == ["opened", "closed"] and rows() == [("so_thu", 1, False, ["late"])]


def test_promise__is_broken_only_after_its_last_minute(mail: Kept) -> None:
    source()
    pulled("so_thu", EIGHT)
    assert send(now=EIGHT + HOUR, channels=[mail]).open == 0
    assert send(now=EIGHT + HOUR + MINUTE, channels=[mail]).open == 1
    assert mail.letters[0].body["since"] == EIGHT + HOUR


def test_failed_pull__within_the_promise_is_not_told(mail: Kept) -> None:
    source()
    pulled("so_thu", EIGHT)
    pulled("so_thu", EIGHT + 5 * MINUTE, "failed", "IOC-201")
    assert send(now=EIGHT + 10 * MINUTE, channels=[mail]).open == 0


def test_source__that_was_never_pulled_has_its_promise_from_the_first_try_on(mail: Kept) -> None:
    source("so_moi")
    source("so_tat", is_enabled=False)
    assert send(now=EIGHT, channels=[mail]).open == 0, "nobody was asked for anything yet"
    pulled("so_moi", EIGHT, "failed", "IOC-201")
    assert send(now=EIGHT + 30 * MINUTE, channels=[mail]).open == 0
    assert send(now=EIGHT + 61 * MINUTE, channels=[mail]).open == 1
    assert [one.body["source_id"] for one in mail.letters] == ["so_moi"]


def test_cutoff__is_late_after_it_passed_without_events_of_its_day(mail: Kept) -> None:
    source(late_after=2880, cutoff="17:00")
    pulled("so_thu", EIGHT - DAY, event=EIGHT - DAY)
    pulled("so_thu", EIGHT, event=EIGHT - DAY)  # a good pull, of yesterday's rows
    assert send(now=local("2026-11-23 16:59"), channels=[mail]).open == 0
    assert send(now=local("2026-11-23 17:01"), channels=[mail]).open == 1
    assert send(now=local("2026-11-24 00:30"), channels=[mail]).open == 1, "midnight mends nothing"
    pulled("so_thu", local("2026-11-24 07:00"), event=local("2026-11-23 16:00"))
    assert send(now=local("2026-11-24 07:10"), channels=[mail]).open == 0
    assert mail.said() == ["opened", "closed"]
    assert "chưa có số liệu của ngày 23/11/2026" in mail.letters[0].text


def test_cutoff__without_event_times_wants_a_good_pull_on_that_day(mail: Kept) -> None:
    source(late_after=2880, cutoff="17:00")
    pulled("so_thu", EIGHT - DAY)
    assert send(now=local("2026-11-23 17:01"), channels=[mail]).open == 1
    pulled("so_thu", local("2026-11-23 17:05"), "failed", "IOC-201")
    assert send(now=local("2026-11-23 17:10"), channels=[mail]).open == 1
    pulled("so_thu", local("2026-11-23 17:15"))
    assert send(now=local("2026-11-23 17:20"), channels=[mail]).open == 0


@given(st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)), st.times())
def test_last_cutoff__is_the_newest_that_passed(moment: datetime, at: object) -> None:
    now = moment.replace(tzinfo=UTC)
    found = last_cutoff(f"{at:%H:%M}", now)
    assert found < now <= found + DAY and f"{found:%H:%M}" == f"{at:%H:%M}"


def test_stop__of_tier_1_is_told_until_a_build_passes(mail: Kept) -> None:
    source(late_after=2880)
    pulled("so_thu", EIGHT)
    finding("b1", EIGHT, "so_thu", severity="warn")
    finding("b1", EIGHT, "so_thu", tier=2)
    assert send(now=EIGHT + MINUTE, channels=[mail]).open == 0
    for rule in ("key_unique", "range", "pattern", "volume_min"):
        finding("b2", EIGHT + 5 * MINUTE, "so_thu", rule=rule)
    finding("b2", EIGHT + 5 * MINUTE, None)
    assert send(now=EIGHT + 10 * MINUTE, channels=[mail]).open == 2
    assert sorted(one.body["source_id"] for one in mail.letters) == ["ban_dung", "so_thu"]
    text = next(one.text for one in mail.letters if one.body["source_id"] == "so_thu")
    assert "Lê Thị A" not in text, "what a detector saw stays on the stewards' page"
    assert "4 phép kiểm chặn công bố" in text and "+1" in text and "giữ bản tốt gần nhất" in text
    passed("b3", EIGHT + 20 * MINUTE)
    assert send(now=EIGHT + 21 * MINUTE, channels=[mail]).open == 0
    assert mail.said() == ["opened", "opened", "closed", "closed"]


def test_source__with_many_troubles_has_one_message_and_one_more_when_it_gets_worse(mail: Kept) -> None:
    source(cutoff="17:00")
    pulled("so_thu", local("2026-11-22 12:00"))
    send(now=local("2026-11-23 17:05"), channels=[mail])
    assert mail.said() == ["opened"] and rows()[0][3] == ["cutoff", "late"]
    finding("b1", local("2026-11-23 17:06"), "so_thu")
    for minutes in (10, 20):
        send(now=local("2026-11-23 17:00") + minutes * MINUTE, channels=[mail])
    assert mail.said() == ["opened", "worse"] and len(mail.letters[1].body["reasons"]) == 3


def test_reminder__comes_once_a_later_day_from_seven_on(mail: Kept) -> None:
    late(at=local("2026-11-23 23:50"))
    told = []
    for at in (
        "23 23:50",
        "24 00:05",
        "24 06:55",
        "24 07:05",
        "24 07:15",
        "24 23:55",
        "25 06:59",
        "25 07:00",
        "25 17:00",
    ):
        if send(now=local(f"2026-11-{at}"), channels=[mail]).messages:
            told.append((mail.said()[-1], at))
    assert told == [("opened", "23 23:50"), ("reminder", "24 07:05"), ("reminder", "25 07:00")]
    assert len({one.message_id for one in mail.letters}) == 3


@pytest.mark.parametrize(
    ("tier", "when", "told_at"),
    [
        (1, "2026-11-23 23:00", "2026-11-23 23:00"),
        (2, "2026-11-23 21:50", "2026-11-23 21:50"),
        (2, "2026-11-23 22:00", "2026-11-24 06:00"),
        (3, "2026-11-23 16:50", "2026-11-23 16:50"),
        (3, "2026-11-27 17:00", "2026-11-30 07:00"),  # Friday evening → Monday
    ],
)
def test_quiet_hours__hold_a_message_until_they_end_and_send_it_once(
    mail: Kept, tier: int, when: str, told_at: str
) -> None:
    late(tier, local(when))
    for now in (local(when), max(local(when), local(told_at) - MINUTE), local(told_at), local(told_at) + MINUTE):
        send(now=now, channels=[mail])
        assert mail.said() == (["opened"] if now >= local(told_at) else [])


def test_trouble__that_came_and_went_in_quiet_hours_is_written_down_and_not_told(mail: Kept) -> None:
    late(2, local("2026-11-23 23:00"))
    send(now=local("2026-11-23 23:00"), channels=[mail])
    pulled("so_thu", local("2026-11-24 05:55"))
    for at in ("2026-11-24 05:58", "2026-11-24 06:10"):
        send(now=local(at), channels=[mail])
    assert mail.said() == [] and rows() == [("so_thu", 2, False, ["late"])]


def test_source__that_falls_ill_again_before_its_end_was_told_goes_on_under_its_alert(mail: Kept) -> None:
    late(2, local("2026-11-23 21:30"))
    send(now=local("2026-11-23 21:30"), channels=[mail])
    pulled("so_thu", local("2026-11-23 22:30"))
    send(now=local("2026-11-23 22:31"), channels=[mail])  # well, in quiet hours
    send(now=local("2026-11-24 05:00"), channels=[mail])  # late again
    assert len(rows()) == 1
    send(now=local("2026-11-24 06:30"), channels=[mail])
    assert mail.said() == ["opened"], "its reminder comes at seven"


def test_channel__that_fails_is_written_down_tried_again_and_stops_no_other(mail: Kept) -> None:
    late()
    hook = Kept("webhook", broken="ConnectError")
    channels: list[Channel] = [hook, mail]
    for minutes in (0, 10, 20):
        done = send(now=EIGHT + minutes * MINUTE, channels=channels)
        assert (done.failed, len(done.messages)) == (1, 2 if minutes == 0 else 1)
    assert mail.said() == ["opened"] and hook.letters == []
    found = "SELECT channel, tries, sent_at IS NULL, error FROM ops.alert_message ORDER BY 1"
    assert ask(found) == [("email", 1, False, None), ("webhook", 3, True, "ConnectError")]
    hook.broken = None
    assert send(now=EIGHT + 30 * MINUTE, channels=channels).failed == 0
    assert hook.letters[0].message_id == mail.letters[0].message_id
    assert ask(found)[1] == ("webhook", 4, False, None)


def test_end__of_a_trouble_that_a_broken_channel_never_told_is_told_when_it_works_again(mail: Kept) -> None:
    late()
    mail.broken = "OSError"
    send(now=EIGHT, channels=[mail])
    pulled("so_thu", EIGHT + 5 * MINUTE)
    send(now=EIGHT + 10 * MINUTE, channels=[mail])
    mail.broken = None
    for minutes in (20, 30):
        send(now=EIGHT + minutes * MINUTE, channels=[mail])
    assert mail.said() == ["closed"] and "Từ 07:00 23/11/2026 đến 08:10 23/11/2026" in mail.letters[0].text


def test_round__that_died_after_sending_sends_the_same_id_again(mail: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    late()
    with monkeypatch.context() as patch:
        patch.setattr(alert, "_write_messages", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            send(now=EIGHT, channels=[mail])
    send(now=EIGHT + MINUTE, channels=[mail])
    assert mail.said() == ["opened", "opened"] and len({one.message_id for one in mail.letters}) == 1


def test_dry_run__shows_what_would_go_and_changes_nothing(mail: Kept) -> None:
    late()
    done = send(now=EIGHT, channels=[mail], dry_run=True)
    assert [one["what"] for one in done.messages] == ["opened"] and mail.letters == []
    assert [one["what"] for one in send(now=EIGHT, channels=[], dry_run=True).messages] == ["opened"]
    assert rows() == []


def test_without_a_channel__alerts_are_still_written_down() -> None:
    late()
    assert send(now=EIGHT, channels=[]).open == 1
    (one,) = alert.history()
    assert (one["source_id"], one["told"], one["reasons"][0]["kind"]) == ("so_thu", [], "late")


def test_wrong_settings__are_a_fault_after_the_ledger_was_written(monkeypatch: pytest.MonkeyPatch) -> None:
    late()
    monkeypatch.setenv("IOC_ALERT_WEBHOOK", "http://example.org/x")
    with pytest.raises(Fault, match="IOC-017"):
        send(now=EIGHT)
    assert len(rows()) == 1
    assert "IOC-017" in str(alert.after_run()), "and a run only hears of it"


def test_run__tells_also_when_the_gate_refused_and_is_failed_by_no_alert(monkeypatch: pytest.MonkeyPatch) -> None:
    source("so_xa")
    pulled("so_xa", datetime.now(UTC) - 2 * HOUR)
    monkeypatch.setenv("IOC_SMTP_URL", "nonsense")
    monkeypatch.setattr(run, "pull", lambda *_, **__: [])
    monkeypatch.setattr(run, "prune", lambda *_, **__: None)
    said: list[str] = []

    def refused(*_: object) -> None:
        raise Fault("IOC-401", "không công bố", "not published", exit_code=4)

    monkeypatch.setattr(run, "refresh", refused)
    with pytest.raises(Fault, match="IOC-401"):
        run.run(progress=said.append)
    assert [one["source_id"] for one in alert.history()] == ["so_xa"]
    assert len(said) == 1 and "IOC_SMTP_URL" in said[0]
    monkeypatch.setattr(run, "refresh", lambda *_: None)
    assert run.run(progress=said.append).exit_code == 0


def test_deadline_of_airflow__is_a_round() -> None:
    source("so_xa")
    pulled("so_xa", datetime.now(UTC) - 2 * HOUR)
    alert.on_deadline(context={"dag_run": {"dag_id": "source__so_xa"}})
    assert [one["kinds"] for one in alert.history()] == [["late"]]


def test_slots__under_the_floor_are_told_after_a_whole_day(mail: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"source_id": "so_thu", "slots": [{"table_name": "so_do", "expected": 288, "captured": 230}, {"table_name": "nguoi", "expected": 0, "captured": 0}]}  # fmt: skip
    assert alert._slots(known, EIGHT - 23 * HOUR, EIGHT) is None
    reason = alert._slots(known, EIGHT - DAY, EIGHT)
    assert reason and "so_do 230/288 (80 %)" in reason.vi and 230 * 100 < 80 * 288
    known["slots"] = [{"table_name": "so_do", "expected": 288, "captured": 231}]  # 80.2 %
    assert alert._slots(known, EIGHT - DAY, EIGHT) is None
    monkeypatch.setenv("IOC_ALERT_SLOTS_PCT", "90")
    assert alert._slots(known, EIGHT - DAY, EIGHT) is not None


def test_warehouse__that_a_run_holds_for_hours_is_told_without_it(home: Path, mail: Kept) -> None:
    late(at=datetime.now(UTC))
    began = datetime.now(UTC)
    with connect.lock("airflow build"):
        with pytest.raises(Fault, match="IOC-075"):
            send(now=began + 30 * MINUTE, channels=[mail], wait_seconds=0)
        for minutes in (61, 71):
            send(now=began + minutes * MINUTE, channels=[mail], wait_seconds=0)
    assert mail.said() == ["opened"] and "airflow build" in mail.letters[0].text
    assert (home / "state" / "alert_held.json").exists()
    send(now=began + 80 * MINUTE, channels=[mail])
    assert [(one.body["source_id"], one.body["what"]) for one in mail.letters[1:]] == [
        ("kho", "closed"),
        ("so_thu", "opened"),
    ]
    assert not (home / "state" / "alert_held.json").exists()


def test_two_rounds__never_mix(mail: Kept) -> None:
    late()
    with alert._alone() as first:
        assert first and send(now=EIGHT, channels=[mail]).is_other_at_work
    assert mail.letters == []


def test_letter__holds_no_word_of_a_server_and_no_header_of_another(mail: Kept) -> None:
    source("so_doc", title_vi="Nguồn\r\nBcc: x@y.vn\x07", owner_agency="Sở <b>A</b>")
    pulled("so_doc", EIGHT - 2 * HOUR, "failed", "IOC-202")
    send(now=EIGHT, channels=[mail])
    (one,) = mail.letters
    everything = "\n".join([one.subject, one.text, one.html, json.dumps(one.body, default=str)])
    assert (
        "hunter2" not in everything and "10.1.2.3" not in everything and "IOC-202, Nguồn từ chối đăng nhập" in one.text
    )
    assert one.subject == "[IOC] Cần xem: Nguồn Bcc: x@y.vn"
    assert "<b>" not in one.html and "&lt;b&gt;A" in one.html


def test_letter__says_what_since_when_whose_what_is_safe_and_what_to_do_in_both_languages(
    mail: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IOC_ALERT_PAGE", "https://du-lieu.example.vn/")
    late()
    send(now=EIGHT, channels=[mail])
    vi, en = mail.letters[0].text.split("\n—\n")
    for part in ("Cần xem: Nguồn so_thu (so_thu), bậc 1", "Từ: 07:00 23/11/2026", "hẹn có lần kéo tốt trong 1 giờ, lần gần nhất lúc 06:00 23/11/2026",
                 "Đầu mối: Sở Thử nghiệm, Phòng Số liệu", "Vẫn an toàn: ", "Làm tiếp: ./ioc source pull so_thu",
        "Trang: https://du-lieu.example.vn/nguon/so_thu"):  # fmt: skip
        assert part in vi
    for part in (
        "Needs a look: Source so_thu (so_thu), tier 1",
        "Since: 07:00 23/11/2026",
        "Still safe: ",
        "Next: ./ioc source pull so_thu",
    ):
        assert part in en


def test_made_up_source__writes_to_nobody_but_us_and_says_so(mail: Kept) -> None:
    source("so_that", owner_contact="a@so.gov.vn")
    source("so_mau", owner_contact="b@so.gov.vn", is_made_up=True)
    for one in ("so_that", "so_mau"):
        pulled(one, EIGHT - 2 * HOUR)
    send(now=EIGHT, channels=[mail])
    to = {one.body["source_id"]: (one.to, "minh họa" in one.subject) for one in mail.letters}
    assert to == {"so_that": ("a@so.gov.vn", False), "so_mau": ("", True)}


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)))
def test_quiet_hours__of_a_lower_tier_are_within_those_of_a_higher(moment: datetime) -> None:
    now = moment.replace(tzinfo=UTC)
    assert may_tell(1, now) >= may_tell(2, now) >= may_tell(3, now)
    assert due(alert.Alert("a", alert.Subject("s", "s", "s", 1), now, ()), [], now) == "opened"


def test_commands__list_show_and_send(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    source("so_xa")
    pulled("so_xa", datetime.now(UTC) - 2 * HOUR)
    monkeypatch.setattr(say, "manner", say.Manner())
    assert cli.main(["alert", "send", "--dry-run"]) == 0
    assert "Cần xem: Nguồn so_xa" in capsys.readouterr().out and alert.history() == []
    assert cli.main(["alert", "send"]) == 0
    assert "1 nguồn đang lỡ hẹn, 0 tin." in capsys.readouterr().out
    assert cli.main(["alert", "list", "--json"]) == 0
    assert [one["source_id"] for one in json.loads(capsys.readouterr().out)] == ["so_xa"]
    assert cli.main(["alert", "test"]) == 2
    assert "docs/alerts.md" in capsys.readouterr().err
