"""E-mail over a real SMTP server with STARTTLS and a login; a webhook to a real HTTP server that checks the signature."""

from __future__ import annotations

import email
import email.policy
import hashlib
import hmac
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from made_up_alerts import certificate, local, pulled, source

from ops import alert, channel, doctor, letter, secrets
from ops.channel import Email, Webhook
from warehouse.errors import Fault

EIGHT = local("2026-11-23 08:00")
PASSWORD = "một-mật-khẩu-rất-dài".encode().hex()


@dataclass
class Post:
    """A mail server: what it took, whom it refuses, and where it listens."""

    port: int = 0
    refused: set[str] = field(default_factory=set)
    taken: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    logins: list[bytes] = field(default_factory=list)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.refused:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert session.ssl and session.authenticated
        self.taken.append((envelope.rcpt_tos, mail))  # type: ignore[arg-type]
        return "250 OK"

    def log_in(self, server: Any, session: Any, envelope: Any, mechanism: str, auth: Any) -> Any:
        self.logins.append(auth.login)
        from aiosmtpd.smtp import AuthResult

        return AuthResult(success=(auth.login, auth.password) == (b"ioc", PASSWORD.encode()), handled=False)


@pytest.fixture
def post(ioc_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    """A server with a certificate that this process trusts, and the settings that name it."""
    controlling, smtp = pytest.importorskip("aiosmtpd.controller"), pytest.importorskip("aiosmtpd.smtp")
    public, tls = certificate(tmp_path)
    post = Post()

    class WithTls(controlling.Controller):  # type: ignore[misc, name-defined]
        def factory(self) -> Any:
            return smtp.SMTP(
                self.handler,
                tls_context=tls,
                require_starttls=True,
                auth_required=True,
                authenticator=post.log_in,
                decode_data=False,
            )

    controller = WithTls(post, hostname="127.0.0.1", port=0)
    controller.port = _free_port()
    controller.start()
    post.port = controller.port
    monkeypatch.setenv("SSL_CERT_FILE", str(public))
    monkeypatch.setenv("IOC_SMTP_URL", f"smtp+starttls://ioc@127.0.0.1:{post.port}")
    monkeypatch.setenv("IOC_ALERT_FROM", "ioc@thanhhoa.example.vn")
    monkeypatch.setenv("IOC_ALERT_TO", "truc@thanhhoa.example.vn, lanh.dao@thanhhoa.example.vn")
    secrets.write(secrets.folder() / "IOC_SMTP_PASSWORD", PASSWORD)
    yield post
    controller.stop()


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def late(source_id: str = "so_thu", contact: str = "") -> None:
    source(source_id, owner_contact=contact)
    pulled(source_id, EIGHT - timedelta(hours=2))


def test_email__goes_over_tls_with_a_login_in_two_forms_and_two_languages(post: Post) -> None:
    late()
    done = alert.send(now=EIGHT)
    assert (done.failed, len(done.messages), post.logins) == (0, 1, [b"ioc"])
    ((people, mail),) = post.taken
    assert people == ["truc@thanhhoa.example.vn", "lanh.dao@thanhhoa.example.vn"]
    assert mail["Subject"] == "[IOC] Cần xem: Nguồn so_thu" and mail["From"] == "ioc@thanhhoa.example.vn"
    assert mail["Message-ID"] == f"<{done.messages[0]['message_id']}@thanhhoa.example.vn>"
    assert mail["Auto-Submitted"] == "auto-generated" and mail["Date"].datetime == EIGHT
    assert [part.get_content_type() for part in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    plain, html = (part.get_content() for part in mail.iter_parts())
    assert "Từ: 07:00 23/11/2026" in plain and "Since: 07:00 23/11/2026" in plain and '<section lang="en">' in html
    assert PASSWORD not in mail.as_string()


def test_owner__with_an_address_gets_the_message_and_one_refused_goes_to_us(post: Post) -> None:
    late("so_a", "steward@so-a.example.vn")
    late("so_b", "gone@so-b.example.vn")
    late("so_c", "Bà Lê Thị C, 0373 000 000")
    late("so_d", "x@y.vn\r\nBcc: z@w.vn")
    post.refused = {"gone@so-b.example.vn"}
    assert alert.send(now=EIGHT).failed == 0
    to = {mail["Subject"].split()[-1]: people for people, mail in post.taken}
    ours = ["truc@thanhhoa.example.vn", "lanh.dao@thanhhoa.example.vn"]
    assert to == {"so_a": ["steward@so-a.example.vn"], "so_b": ours, "so_c": ours, "so_d": ours}
    assert not any(mail["Bcc"] for _, mail in post.taken)


def test_email__refused_by_everybody_is_tried_again_and_holds_up_no_other(post: Post) -> None:
    late("so_a")
    late("so_b", "steward@so-b.example.vn")
    post.refused = {"truc@thanhhoa.example.vn", "lanh.dao@thanhhoa.example.vn"}
    done = alert.send(now=EIGHT)
    assert [(one["source_id"], one["error"]) for one in done.messages] == [
        ("so_a", "SMTPRecipientsRefused [550]"),
        ("so_b", None),
    ]
    post.refused.clear()
    assert [one["source_id"] for one in alert.send(now=EIGHT).messages] == ["so_a"]


def test_email__with_a_wrong_password_is_tried_once_an_hour(post: Post) -> None:
    secrets.write(secrets.folder() / "IOC_SMTP_PASSWORD", "wrong-password-of-some-length")
    late("so_a")
    late("so_b")
    done = alert.send(now=EIGHT)
    assert [one["error"] for one in done.messages] == ["SMTPAuthenticationError 535"] * 2
    asked = len(post.logins)
    assert asked <= 2, "a try for each way of logging in, not for each message"
    secrets.write(secrets.folder() / "IOC_SMTP_PASSWORD", PASSWORD)
    assert alert.send(now=EIGHT + timedelta(minutes=59)).messages == [] and len(post.logins) == asked
    assert [one["error"] for one in alert.send(now=EIGHT + timedelta(hours=1)).messages] == [None, None]


def test_email__to_a_server_that_we_do_not_trust_or_that_is_down_sends_nothing(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    late()
    monkeypatch.delenv("SSL_CERT_FILE")
    assert [one["error"] for one in alert.send(now=EIGHT).messages] == ["SSLCertVerificationError"]
    monkeypatch.setenv("IOC_SMTP_URL", f"smtp+starttls://ioc@127.0.0.1:{_free_port()}")
    assert [one["error"] for one in alert.send(now=EIGHT).messages] == ["ConnectionRefusedError"]
    assert post.taken == [] and post.logins == []


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("IOC_SMTP_URL", "smtp+starttls://ioc:bimat@mail.example.vn", "no password here"),
        ("IOC_SMTP_URL", "smtp://mail.example.vn:25", "without TLS"),
        ("IOC_SMTP_URL", "mail.example.vn:587", "wants"),
        ("IOC_ALERT_TO", "", "e-mail address"),
        ("IOC_ALERT_TO", "a@b.vn, c@d.vn\nBcc: x@y.vn", "e-mail address"),
        ("IOC_ALERT_FROM", "IOC <ioc@b.vn>", "e-mail address"),
        ("IOC_ALERT_WEBHOOK", "http://hook.example.vn/token123", "wants https"),
    ],
)
def test_settings__that_are_wrong_are_refused_by_name(
    post: Post, monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(Fault) as refused:
        channel.configured()
    assert refused.value.code == "IOC-017" and refused.value.what_en.startswith(name) and says in refused.value.what_en
    assert "bimat" not in str(refused.value) and "token123" not in str(refused.value)
    assert [check.state for check in doctor._alerts()] == ["fail"]


def test_guide__names_every_setting() -> None:
    root = Path(__file__).parents[2]
    code = "".join(
        (root / "ops" / name).read_text(encoding="utf-8") for name in ("alert.py", "channel.py", "letter.py")
    )
    named = set(re.findall(r"IOC_(?:ALERT|SMTP)_[A-Z_]+", code))
    assert len(named) == 8 and named == set(
        re.findall(r"IOC_(?:ALERT|SMTP)_[A-Z_]+", (root / "docs" / "alerts.md").read_text(encoding="utf-8"))
    )


def test_settings__with_a_login_want_its_password_and_never_make_one_up(post: Post) -> None:
    (secrets.folder() / "IOC_SMTP_PASSWORD").unlink()
    with pytest.raises(Fault, match="IOC_SMTP_PASSWORD"):
        channel.configured()
    assert not (secrets.folder() / "IOC_SMTP_PASSWORD").exists()


def test_doctor__says_which_channels_there_are_or_that_there_is_none(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [(c.state, c.found) for c in doctor._alerts()] == [("ok", "email")]
    monkeypatch.delenv("IOC_SMTP_URL")
    assert [(c.state, c.found) for c in doctor._alerts()] == [("warn", "chưa có kênh nào")]
    with pytest.raises(Fault, match="IOC-017"):
        alert.try_channels()


# --- webhook -----------------------------------------------------------------------------------------------------------


@dataclass
class Hook:
    """A receiver: the answers it gives in turn (then 200), and what it got."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def hook(ioc_home: Path) -> Iterator[Hook]:
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            hook.got.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(hook.answers.pop(0) if hook.answers else 200)
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    hook.url = f"http://127.0.0.1:{server.server_port}/bao"
    yield hook
    server.shutdown()
    server.server_close()


def a_letter(number: int = 1) -> letter.Letter:
    about = letter.Subject("so_thu", "Nguồn", "Source", 1)
    return letter.write(f"so_thu-{number}.opened", "opened", about, (), opened_at=EIGHT, now=EIGHT)


def test_webhook__is_signed_with_a_key_made_on_first_use(hook: Hook) -> None:
    ((_, error),) = Webhook.of(hook.url).deliver([a_letter()])
    ((headers, body),) = hook.got
    assert error is None and json.loads(body)["message_id"] == headers["X-IOC-Message-Id"] == "so_thu-1.opened"
    at, given = (part.split("=")[1] for part in headers["X-IOC-Signature"].split(","))
    key = (secrets.folder() / "IOC_ALERT_WEBHOOK_KEY").read_text().strip()
    assert given == hmac.new(key.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest() and len(key) > 40
    assert key.encode() not in body and key not in str(headers)


def test_webhook__leaves_its_address_in_no_log(hook: Hook, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    assert [error for _, error in Webhook.of(f"{hook.url}?token=bi-mat").deliver([a_letter()])] == [None]
    assert "bi-mat" not in caplog.text and len(hook.got) == 1


def test_webhook__that_stumbles_is_asked_again_with_the_same_body(hook: Hook) -> None:
    hook.answers = [503, 429]
    assert [error for _, error in Webhook.of(hook.url).deliver([a_letter()])] == [None]
    assert len(hook.got) == 3 and len({body for _, body in hook.got}) == 1


@pytest.mark.parametrize(
    ("answers", "outcomes", "asked"),
    [
        ([400], ["HTTP 400", None], 2),
        ([302], ["HTTP 302", None], 2),
        ([500] * 3, ["HTTP 500", "HTTP 500"], 3),  # it is the receiver that is ill, not the letter
    ],
)
def test_webhook__that_refuses_one_letter_still_gets_the_next(
    hook: Hook, answers: list[int], outcomes: list[str | None], asked: int
) -> None:
    hook.answers = answers
    assert [one for _, one in Webhook.of(hook.url).deliver([a_letter(1), a_letter(2)])] == outcomes
    assert len(hook.got) == asked


def test_webhook__that_is_down_is_given_up_for_the_round(ioc_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[str] = []
    real = Webhook._once
    monkeypatch.setattr(Webhook, "_once", lambda self, *given: (tries.append(given[2]), real(self, *given)))
    url = f"http://127.0.0.1:{_free_port()}/secret-token"
    assert [one for _, one in Webhook.of(url).deliver([a_letter(1), a_letter(2)])] == ["ConnectError"] * 2
    assert tries == ["so_thu-1.opened"] * channel.TRIES


def test_channels__tell_the_same_round_and_a_test_message_goes_over_both(
    post: Post, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IOC_ALERT_WEBHOOK", hook.url)
    late()
    done = alert.send(now=EIGHT)
    assert [(one["channel"], one["error"]) for one in done.messages] == [("email", None), ("webhook", None)]
    assert json.loads(hook.got[0][1])["reasons"][0]["kind"] == "late"
    assert [(one["channel"], one["error"]) for one in alert.try_channels(EIGHT)] == [("email", None), ("webhook", None)]
    assert post.taken[-1][1]["Subject"] == "[IOC] Thử kênh báo: Kênh báo của Đông Sơn"
    assert isinstance(channel.configured()[0], Email)
