"""MQTT stations: the messages that `ingestion.mqtt_landing` kept since the last pull, one row each.

Values are addressed by dots within the payload, `topic` is the whole topic and `topic.2` its second level, `received_at` is
when it came. A payload that is no JSON object is a row without values, which the contract refuses.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import Field

from ingestion.connectors import Arguments, Chunk, Request, SeenFile
from ingestion.connectors._places import text_batch
from ingestion.connectors._records import as_text, dig, parse
from ingestion.model import SURPLUS
from warehouse import connect

BATCH_ROWS = 50_000


class Connection(Arguments):
    host: str = Field(description="the broker")
    port: str | int = Field(default=1883, description="8883 with TLS")
    topics: list[str] = Field(min_length=1, description="what to listen to: `tram/+/so_do`")
    user: str = Field(default="", description="the login")
    password: dict[str, str] | None = Field(default=None, description="`{secret: NAME}`")
    tls: bool = Field(default=False, description="encrypt, and verify the broker's certificate")
    ca_file: str | None = Field(default=None, description="the authority that signed the broker's certificate")
    max_spool_mb: int = Field(
        default=10_000, description="messages are left to the broker while the spool is larger; `retention` empties it"
    )


class Read(Arguments):
    topic: str = Field(default="#", description="only messages whose topic matches, `+` one level, `#` all below")


def spool(source_id: str) -> Path:
    """Where the landing service of a source keeps its files."""
    return connect.home() / "spool" / "mqtt" / source_id


def columns(request: Request) -> list[str] | None:
    return None


def read(request: Request) -> Iterator[Chunk]:
    arguments = Read.model_validate(request.table.read)
    names = [c.source_name for c in request.table.columns]
    for path in sorted(spool(request.source.id).glob("*.ndjson")):
        if path.name in request.seen:
            continue
        with path.open(encoding="utf-8", errors="replace") as file:
            lines = ((n, _message(line)) for n, line in enumerate(file, 1))
            wanted = ((n, m) for n, m in lines if _matches(arguments.topic, m.get("topic", "")))
            while some := list(islice(wanted, BATCH_ROWS)):
                yield _chunk(path.name, some, names)
        with path.open("rb") as body:
            digest = hashlib.file_digest(body, "sha256").hexdigest()
        yield Chunk(text_batch({}), [], [SeenFile(path.name, path.stat().st_size, path.stem, digest)])


def _message(line: str) -> dict[str, Any]:
    """A spooled line; one torn by a kill has no topic and was not acknowledged, so its message comes again."""
    try:
        found = parse(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _matches(pattern: str, topic: str) -> bool:
    if not topic:
        return False
    levels, found = pattern.split("/"), topic.split("/")
    if levels[-1] == "#":
        levels, found = levels[:-1], found[: len(levels) - 1]
    return len(levels) == len(found) and all(a in ("+", b) for a, b in zip(levels, found, strict=True))


def _chunk(file: str, messages: list[tuple[int, dict[str, Any]]], names: list[str]) -> Chunk:
    rows: dict[str, list[str | None]] = {name: [] for name in names}
    broken: list[str | None] = []
    for _, message in messages:
        try:
            body = parse(message["payload"])
        except (ValueError, RecursionError):
            body = None
        broken.append(None if isinstance(body, dict) else message["payload"])
        levels = {f"topic.{i}": level for i, level in enumerate(message["topic"].split("/"), 1)}
        known = {"topic": message["topic"], "received_at": message["received_at"], **levels}
        for name in names:
            rows[name].append(known[name] if name in known else as_text(dig(body, name)))
    if any(broken):
        rows[SURPLUS] = broken
    return Chunk(text_batch(rows), [f"{file}:{number}" for number, _ in messages])
