"""A request for one table of a connector, as extraction makes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ingestion import connectors
from ingestion.connectors import Request, SeenFile
from ingestion.model import Source


def request(tmp_path: Path, connector: dict[str, Any], read: dict[str, Any], columns: str, **table: Any) -> Request:
    """`columns` are names (or `name=source name`) separated by `;`, all text; the first is the key."""
    listed = [c.strip().partition("=") for c in columns.split(";")]
    body = {
        "id": "thu_nghiem", "sector": "thu", "title": {"vi": "Thử", "en": "Test"}, "owner": {"agency": "Thử"}, "grants_access": "Thử", "share_class": "mở",
        "connector": connector, "cadence": {"every": "1d", "late_after": "2d"},
        "tables": [{"name": "bang", "title": {"vi": "b", "en": "t"}, "grain": "g", "primary_key": [listed[0][0]], "read": read, "columns": [{"name": n, "type": "text"} | ({"from": f} if f else {}) for n, _, f in listed], **table}],
    }  # fmt: skip
    source = Source.model_validate(body)
    work = tmp_path / "work"
    work.mkdir(exist_ok=True)
    return Request(source, source.tables[0], None, None, {}, work, datetime.now(UTC) + timedelta(seconds=10))


def rows(asked: Request) -> tuple[list[dict[str, Any]], list[str], list[SeenFile]]:
    """Everything that the connector of a request yields: rows, their places, the files taken."""
    module = connectors.module(asked.source.connector.kind)
    found: list[dict[str, Any]] = []
    refs: list[str] = []
    files: list[SeenFile] = []
    for chunk in module.read(asked):
        found += chunk.batch.to_pylist()
        refs += chunk.refs or []
        files += chunk.files
    return found, refs, files
