"""How messages leave: e-mail by SMTP and a signed webhook, each from the settings of the operator. Nothing is decided here.

A channel that fails says so and the next round tries again; what it says never holds an address, a token or a password.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import logging
import os
import re
import smtplib
import ssl
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from typing import Protocol
from urllib.parse import unquote, urlsplit

import httpx
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from ops import secrets
from ops.letter import Letter
from warehouse.errors import Fault

logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs every address, and that of a webhook is often a secret

SECONDS = 10.0
TRIES = 3
#: How an outcome begins where the mail server refused the login.
REFUSED = smtplib.SMTPAuthenticationError.__name__
_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}

#: A letter and why it did not arrive; None when it did.
Outcome = tuple[Letter, str | None]


class Channel(Protocol):
    @property
    def name(self) -> str: ...

    def deliver(self, letters: Sequence[Letter]) -> Iterator[Outcome]:
        """Every letter with its outcome, one at a time, so that what was sent is known even if the rest breaks."""


def configured() -> list[Channel]:
    """The channels that the settings name, possibly none. Raises `Fault` IOC-017 naming what is missing or wrong."""
    found: list[Channel] = []
    if url := os.environ.get("IOC_SMTP_URL"):
        found.append(Email.of(url, os.environ.get("IOC_ALERT_FROM", ""), os.environ.get("IOC_ALERT_TO", "")))
    if url := os.environ.get("IOC_ALERT_WEBHOOK"):
        found.append(Webhook.of(url))
    return found


def is_address(text: str) -> bool:
    return bool(_ADDRESS.fullmatch(text))


def _wrong(setting: str, vi: str, en: str) -> Fault:
    return Fault("IOC-017", f"{setting}: {vi}", f"{setting}: {en}", fix="docs/alerts.md, ./ioc alert test", exit_code=2)


def _broken(error: Exception) -> str:
    """What failed, without the words of the other side: they may repeat an address or a token."""
    if isinstance(error, httpx.HTTPStatusError):
        return f"HTTP {error.response.status_code}"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return f"SMTPRecipientsRefused {sorted({code for code, _ in error.recipients.values()})}"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{type(error).__name__} {error.smtp_code}"
    return type(error).__name__


# --- e-mail ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Email:
    """`to` gets what has no owner with an address of its own, and what that owner's server refuses."""

    scheme: str
    host: str
    port: int
    user: str
    sender: str
    to: tuple[str, ...]
    name: str = "email"

    @classmethod
    def of(cls, url: str, sender: str, to: str) -> Email:
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise _wrong("IOC_SMTP_URL", f"cần dạng {', '.join(_PORTS)}://người_dùng@máy:cổng", f"wants {', '.join(_PORTS)}://user@host:port")  # fmt: skip
        if parts.password is not None:
            raise _wrong("IOC_SMTP_URL", "không ghi mật khẩu ở đây; đặt vào secrets/IOC_SMTP_PASSWORD", "no password here; put it into secrets/IOC_SMTP_PASSWORD")  # fmt: skip
        if parts.scheme == "smtp" and parts.hostname not in _LOOPBACK:
            raise _wrong("IOC_SMTP_URL", "không mã hóa thì chỉ được gửi trong chính máy này; dùng smtp+starttls hoặc smtps", "without TLS only to this very machine; use smtp+starttls or smtps")  # fmt: skip
        people = tuple(one.strip() for one in to.split(",") if one.strip())
        for setting, addresses in (("IOC_ALERT_FROM", (sender,)), ("IOC_ALERT_TO", people)):
            if not addresses or not all(map(is_address, addresses)):
                raise _wrong(setting, "cần địa chỉ thư", "wants an e-mail address")
        user = unquote(parts.username or "")
        if user and secrets.given("IOC_SMTP_PASSWORD") is None:
            raise _wrong("IOC_SMTP_PASSWORD", "chưa có mật khẩu: secrets/IOC_SMTP_PASSWORD (0600)", "no password: secrets/IOC_SMTP_PASSWORD (0600)")  # fmt: skip
        return cls(parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme], user, sender, people)

    def deliver(self, letters: Sequence[Letter]) -> Iterator[Outcome]:
        """By one connection; where it cannot be had, every letter waits for the next round."""
        with contextlib.ExitStack() as stack:
            broken = None
            server = None
            for letter in letters:
                if broken is None:
                    try:
                        server = server or stack.enter_context(self._connected())
                        self._send(server, letter)
                    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError) as error:  # this letter only
                        yield letter, _broken(error)
                        continue
                    except (OSError, smtplib.SMTPException) as error:  # ssl.SSLError is an OSError
                        broken = _broken(error)
                yield letter, broken

    @contextlib.contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        tls = ssl.create_default_context()
        server: smtplib.SMTP
        if self.scheme == "smtps":
            server = smtplib.SMTP_SSL(self.host, self.port, timeout=SECONDS, context=tls)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=SECONDS)
        try:
            if self.scheme == "smtp+starttls":
                server.starttls(context=tls)
            if self.user:
                server.login(self.user, secrets.given("IOC_SMTP_PASSWORD") or "")
            yield server
        finally:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                server.quit()
            server.close()

    def _send(self, server: smtplib.SMTP, letter: Letter) -> None:
        people = (letter.to,) if is_address(letter.to) else self.to
        try:
            server.send_message(self.message(letter, people), self.sender, list(people))
        except smtplib.SMTPRecipientsRefused:
            if people == self.to:
                raise
            server.send_message(self.message(letter, self.to), self.sender, list(self.to))

    def message(self, letter: Letter, people: Sequence[str]) -> EmailMessage:
        """Plain text and HTML. A second delivery of a letter has the same Message-ID, so that mailboxes can tell."""
        mail = EmailMessage(policy=SMTP_POLICY)
        mail["From"] = self.sender
        mail["To"] = ", ".join(people)
        mail["Subject"] = letter.subject
        mail["Date"] = format_datetime(letter.written_at)
        mail["Message-ID"] = f"<{letter.message_id}@{self.sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(letter.text)
        mail.add_alternative(letter.html, subtype="html")
        return mail


# --- webhook -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Webhook:
    """A JSON document to one address. `X-IOC-Signature: t=<unix time>,v1=<hex>` signs `<unix time>.<body>` by HMAC-SHA256
    with the secret IOC_ALERT_WEBHOOK_KEY, so that the receiver knows the sender and can refuse an old copy."""

    url: str
    name: str = "webhook"

    @classmethod
    def of(cls, url: str) -> Webhook:
        parts = urlsplit(url)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            raise _wrong("IOC_ALERT_WEBHOOK", "cần https:// (http:// chỉ trong chính máy này)", "wants https:// (http:// only on this very machine)")  # fmt: skip
        return cls(url)

    def deliver(self, letters: Sequence[Letter]) -> Iterator[Outcome]:
        broken = None
        with httpx.Client(timeout=SECONDS, follow_redirects=False) as client:
            for letter in letters:
                if broken is None:
                    try:
                        self._post(client, letter)
                    except httpx.HTTPError as error:
                        if not _may_pass(error):  # this letter only
                            yield letter, _broken(error)
                            continue
                        broken = _broken(error)
                yield letter, broken

    def _post(self, client: httpx.Client, letter: Letter) -> None:
        body = json.dumps(letter.body, ensure_ascii=False, default=str).encode()
        tries = Retrying(
            retry=retry_if_exception(_may_pass), stop=stop_after_attempt(TRIES), wait=wait_random_exponential(0.2, max=3),
            reraise=True,
        )  # fmt: skip
        tries(self._once, client, body, letter.message_id)

    def _once(self, client: httpx.Client, body: bytes, message_id: str) -> None:
        headers = {"Content-Type": "application/json", "X-IOC-Message-Id": message_id, "X-IOC-Signature": signature(body, int(time.time()))}  # fmt: skip
        answer = client.post(self.url, content=body, headers=headers)
        if not answer.is_success:  # a redirect too: the signed document goes to the named address or nowhere
            raise httpx.HTTPStatusError("", request=answer.request, response=answer)


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, httpx.TransportError) or (
        isinstance(error, httpx.HTTPStatusError)
        and (error.response.status_code >= 500 or error.response.status_code == httpx.codes.TOO_MANY_REQUESTS)
    )


def signature(body: bytes, at: int) -> str:
    key = secrets.given("IOC_ALERT_WEBHOOK_KEY") or secrets.read("IOC_ALERT_WEBHOOK_KEY")
    return f"t={at},v1={hmac.new(key.encode(), f'{at}.'.encode() + body, hashlib.sha256).hexdigest()}"
