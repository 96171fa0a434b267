"""A ledger with a source that a test makes late, a channel that keeps what it is given, and an SMTP server with TLS."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ops.channel import Outcome
from ops.letter import Letter
from warehouse import connect

ZONE = ZoneInfo(connect.TIME_ZONE)


def local(text: str) -> datetime:
    """`2026-11-23 08:00` in the province."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@dataclass
class Kept:
    """A channel whose letters a test can read; `broken` is what it says instead of taking one."""

    name: str = "email"
    broken: str | None = None
    letters: list[Letter] = field(default_factory=list)

    def deliver(self, letters: Sequence[Letter]) -> Iterator[Outcome]:
        for one in letters:
            if self.broken is None:
                self.letters.append(one)
            yield one, self.broken

    def said(self) -> list[str]:
        return [one.body["what"] for one in self.letters]


def source(
    source_id: str = "so_thu", *, tier: int = 1, late_after: int = 60, cutoff: str | None = None, **more: Any
) -> None:
    body = {
        "source_id": source_id, "title_vi": f"Nguồn {source_id}", "title_en": f"Source {source_id}", "owner_agency": "Sở Thử nghiệm",
        "owner_unit": "Phòng Số liệu", "owner_contact": "", "late_after_minutes": late_after, "cutoff": cutoff, "tier": tier,
        "is_made_up": False, "is_enabled": True,
    }  # fmt: skip
    with connect.writer("test") as con:
        con.execute(connect.insert("ops.source", [body | more]))


def pulled(
    source_id: str, at: datetime, status: str = "ok", code: str | None = None, event: datetime | None = None
) -> None:
    row = {"run_id": f"{at:%d%H%M}", "source_id": source_id, "started_at": at - timedelta(minutes=1), "finished_at": at, "status": status,
           "code": code, "reason_vi": "mật khẩu hunter2 sai ở 10.1.2.3", "reason_en": "password hunter2 is wrong at 10.1.2.3"}  # fmt: skip
    with connect.writer("test") as con:
        con.execute(connect.insert("ops.pull", [row]))
        if event:
            con.execute(connect.insert("ops.extract", [{"extract_id": f"{at:%d%H%M}", "run_id": f"{at:%d%H%M}", "source_id": source_id, "table_name": "ho_so", "extracted_at": at, "max_event_at": event}]))  # fmt: skip


def finding(
    build_id: str,
    at: datetime,
    source_id: str | None,
    *,
    rule: str = "key_unique",
    tier: int = 1,
    severity: str = "stop",
) -> None:
    row = {"build_id": build_id, "checked_at": at, "relation": f"raw.{source_id}__ho_so", "tier": tier, "source_id": source_id, "rule": rule,
           "severity": severity, "outcome": "FAIL", "unexpected_count": 12, "message_vi": "Khóa (ma) không được trùng — trạm Lê Thị A", "message_en": "Key (ma) is unique"}  # fmt: skip
    with connect.writer("test") as con:
        con.execute(connect.insert("ops.finding", [row]))


def passed(build_id: str, at: datetime) -> None:
    """A build of which nothing is wrong."""
    with connect.writer("test") as con:
        con.execute(
            connect.insert("ops.source_score", [{"build_id": build_id, "checked_at": at, "source_id": "so_thu"}])
        )


def certificate(folder: Path, host: str = "127.0.0.1") -> tuple[Path, ssl.SSLContext]:
    """A self-signed certificate for the address, and a server's context with it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(key, hashes.SHA256())
    )  # fmt: skip
    public, private = folder / "cert.pem", folder / "key.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return public, context
