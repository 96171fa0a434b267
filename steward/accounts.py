"""Who may work on whose sources: `<IOC_HOME>/state/stewards.json` (0600), passwords as scrypt hashes, never a default one.

An account names its sources by patterns (`sonnmt_*`, `*`), is a duty officer's who takes alarms (`is_duty`), or both. Removing it, or giving it a new password, ends its sessions at
once, because a session carries the mark of the password that it was opened with.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import time
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from warehouse import connect
from warehouse.errors import Fault

#: Failed logins of one name or address within so many seconds before it must wait.
TRIES, WITHIN_SECONDS = 5, 300.0
SHORTEST = 12


class Account(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = Field(pattern=r"^[a-z][a-z0-9_.-]{1,40}$")
    title: str
    sources: list[str]
    is_duty: bool = False
    salt: str
    hashed: str

    def may(self, source_id: str) -> bool:
        """Whether the source is hers to decide about."""
        return any(fnmatchcase(source_id, pattern) for pattern in self.sources)

    @property
    def mark(self) -> str:
        """Changes with the password; part of a session, useless without its signature."""
        return hashlib.sha256(self.hashed.encode()).hexdigest()[:16]


def _file() -> Path:
    folder = connect.home() / "state"
    folder.mkdir(exist_ok=True)
    return folder / "stewards.json"


def all_accounts() -> dict[str, Account]:
    try:
        body = json.loads(_file().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return {one["name"]: Account.model_validate(one) for one in body}


def add(name: str, *, title: str, sources: Sequence[str], is_duty: bool = False, password: str | None = None) -> str:
    """Make an account or give it a new password; returns the password, made with 144 random bits unless given.

    Raises `Fault` IOC-520 for a name or password that is none, and for an account that may do nothing.
    """
    if not sources and not is_duty:
        raise _unfit("neither a source nor duty: the account could do nothing")
    password = password or secrets.token_urlsafe(18)
    if len(password) < SHORTEST or password.lower() in (name, f"{name}123", "password", "matkhau"):
        raise _unfit("the password is too short or known")
    salt = os.urandom(16)
    try:
        one = Account(
            name=name,
            title=title or name,
            sources=list(sources),
            is_duty=is_duty,
            salt=base64.b64encode(salt).decode(),
            hashed=_hash(password, salt),
        )
    except ValueError as error:
        raise _unfit(str(error).splitlines()[-2].strip()) from error
    _write({**all_accounts(), name: one})
    return password


def remove(name: str) -> bool:
    found = all_accounts()
    if name not in found:
        return False
    _write({k: v for k, v in found.items() if k != name})
    return True


def accepts(account: Account | None, password: str) -> bool:
    """Compared in constant time; a name that does not exist costs as much as one that does."""
    salt = base64.b64decode(account.salt) if account else bytes(16)
    found = _hash(password, salt)
    return hmac.compare_digest(found, account.hashed if account else "-" * len(found)) and account is not None


def _hash(password: str, salt: bytes) -> str:
    return base64.b64encode(hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1, dklen=32)).decode()


def _write(accounts: dict[str, Account]) -> None:
    path = _file()
    fresh = path.with_suffix(".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump([one.model_dump() for one in accounts.values()], file, ensure_ascii=False, indent=1)
    fresh.replace(path)


def _unfit(why: str) -> Fault:
    return Fault(
        "IOC-520",
        "Không tạo được tài khoản.",
        "The account cannot be made.",
        why=why,
        fix="./ioc steward add --help",
        exit_code=2,
    )


@dataclass
class Doorkeeper:
    """Counts failed logins by name and by address, in this process."""

    def __post_init__(self) -> None:
        self._failed: dict[str, deque[float]] = defaultdict(deque)

    def must_wait(self, *who: str) -> bool:
        now = time.monotonic()
        for one in who:
            while self._failed[one] and now - self._failed[one][0] > WITHIN_SECONDS:
                self._failed[one].popleft()
        return any(len(self._failed[one]) >= TRIES for one in who)

    def failed(self, *who: str) -> None:
        for one in who:
            self._failed[one].append(time.monotonic())

    def entered(self, *who: str) -> None:
        for one in who:
            self._failed.pop(one, None)
