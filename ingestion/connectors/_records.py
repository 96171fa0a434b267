"""JSON records as rows: values by dotted names, numbers with the digits that they were printed with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from ingestion.connectors._places import text_batch


class Number(str):
    """A number as it was printed: 20.880 is not 20.88, and nineteen digits stay nineteen."""

    __slots__ = ()


def parse(text: str | bytes) -> Any:
    """The document, its numbers as `Number`. Raises ValueError, and RecursionError for one nested too deeply."""
    return json.loads(text, parse_float=Number, parse_int=Number, parse_constant=Number)


def dig(body: Any, path: str) -> Any:
    """The value at a dotted path, or None; a key that has dots of its own is found too."""
    if isinstance(body, dict) and path in body:
        return body[path]
    for step in path.split("."):
        body = body.get(step) if isinstance(body, dict) else None
    return body


def as_text(value: Any) -> str | None:
    """A value as the landing keeps it: text as it is, true and false, nested values as JSON."""
    return value if value is None or isinstance(value, str) else dumps(value)


def dumps(value: Any) -> str:
    """JSON text with the numbers as they were printed."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k, ensure_ascii=False)}: {dumps(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(dumps, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def batch(records: Sequence[Any], names: Sequence[str]) -> pa.RecordBatch:
    """One row a record, the named values as text."""
    return text_batch({name: [as_text(dig(record, name)) for record in records] for name in names})
